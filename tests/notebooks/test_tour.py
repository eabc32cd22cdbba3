"""The tour runs from its first cell to its last, and shows what its text says."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_tour_runs(tmp_path: Path) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    shutil.copy(ROOT / "notebooks" / "tour.ipynb", notebooks)
    notebook = nbformat.read(notebooks / "tour.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are made anew, not kept in the tree"
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": notebooks}}).execute()
    assert (tmp_path / "work" / "tour" / "runs").is_dir()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    said = "".join(
        output["text"] for output in outputs if output["output_type"] == "stream" and "phone" in output["text"]
    )
    chain, phone = (set(re.findall(r"'(\d+)'", line)) for line in said.splitlines())
    assert len(chain) == len(phone) > 2
    assert len(chain & phone) >= len(chain) - 1, "the model has learned what follows"
