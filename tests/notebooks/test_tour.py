"""The tour runs from its first cell to its last; its cells assert what they claim."""

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
    assert not (tmp_path / "work" / "tour" / "mlflow.db").exists()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
