"""The comparison notebook runs from its first cell to its last over a store of made-up runs."""

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from tests.tracking.conftest import finish

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "compare.ipynb"


@pytest.mark.slow
def test_the_comparison_runs(make_run, work_dir):
    users = 300
    for width, quality in ((8, 0.2), (16, 0.6)):
        for seed in (1, 2, 3):
            run = make_run(seed, width=width, quality=quality, users=users, finished=False)
            run.baselines_dir.mkdir()
            ranks = {"user_id": [f"u{number}" for number in range(users)], "target": np.ones(users, np.int32)}
            ranks |= {"rank": [1.0] * 15 + [99.0] * (users - 15), "split": "test"}  # NDCG@10 .05, as the metrics say
            pd.DataFrame(ranks).to_parquet(run.baselines_dir / "popularity.parquet")
            finish(run, seed, quality, users)
    notebooks = work_dir.parent / "notebooks"
    notebooks.mkdir()
    shutil.copy(NOTEBOOK, notebooks)
    notebook = nbformat.read(notebooks / NOTEBOOK.name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are made anew, not kept in the tree"
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": notebooks}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert sum("<svg" in text for text in shown) == 2
    tables = [text for text in shown if "<table" in text]
    assert "model.width" in tables[0]
    assert "popularity" in tables[1]
    assert "p_value_holm" in tables[2]
    assert [output["text"] for output in outputs if output.get("name") == "stdout"] == [
        "not shown to be better than popularity: none of the configs\n"
    ]
