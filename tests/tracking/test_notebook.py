"""The comparison notebook runs from its first cell to its last over a store of made-up runs."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "compare.ipynb"


@pytest.mark.slow
def test_the_comparison_runs(make_run, work_dir):
    for seed in (1, 2, 3):
        make_run(seed, width=8, quality=0.2, users=300)
        make_run(seed, width=16, quality=0.6, users=300)
    notebooks = work_dir.parent / "notebooks"
    notebooks.mkdir()
    shutil.copy(NOTEBOOK, notebooks)
    notebook = nbformat.read(notebooks / NOTEBOOK.name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are made anew, not kept in the tree"
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": notebooks}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/svg+xml" in output.get("data", {}) for output in outputs) == 2
    tables = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert "model.width" in tables[0]
    assert "p_value_holm" in tables[1]
