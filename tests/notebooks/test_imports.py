"""The notebooks show what anyone can do: of this project they use the public interface alone."""

import ast
from pathlib import Path

import nbformat
import pytest

import recsys

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_the_public_interface(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for cell in code for node in ast.walk(cell)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    ours = {name for name in imported if name.split(".")[0] in ("recsys", "pipelines", "serving")}
    assert ours == {"recsys"}
    used = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "recsys"
    }
    assert used
    assert used <= set(recsys.__all__)
    assert sum(isinstance(node, ast.Assert) for node in nodes) >= 3, "a cell asserts what it claims"
