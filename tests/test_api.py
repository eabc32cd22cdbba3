"""The public interface: every name is there, documented, typed alike, and costs nothing until it is used."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import recsys
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.core.errors import ArtifactError
from tests import facts

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"


def test_importing_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import recsys; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ast.literal_eval(done.stdout)}
    assert loaded - set(sys.stdlib_module_names) == {"recsys"}


def test_the_device_needs_nothing_heavy_for_its_names() -> None:
    code = "import recsys, sys; recsys.Reranker; recsys.Session; recsys.Event; recsys.load; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "tf_keras", "apache_beam", "mlflow", "pandas", "pyarrow", "pydantic", "rich"}
    assert not heavy & {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("name", recsys.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(recsys, name)
    assert name in dir(recsys)
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        hints = inspect.get_annotations(value)
        assert set(hints) == {*inspect.signature(value).parameters, "return"}


def test_no_name_is_a_folders() -> None:
    """Importing ``recsys.export.stage`` binds ``recsys.export`` to the folder, whatever it was before."""
    inside = {path.stem for path in (ROOT / "recsys").iterdir()}
    assert not inside & set(recsys.__all__)


def test_what_type_checkers_see_is_what_runs() -> None:
    (block,) = (node for node in ast.parse(Path(recsys.__file__).read_text("utf-8")).body if isinstance(node, ast.If))
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.name == alias.asname  # so that it counts as exported
            seen[alias.name] = node.module
    assert seen == recsys._HOMES


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(recsys, "predict")
    with pytest.raises(ImportError):
        from recsys import predict  # type: ignore[attr-defined]  # noqa: F401


def test_load_opens_what_the_manifest_says(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {}, facts.RUN)
    assert isinstance(recsys.load(str(run.path)), Run)
    opened = recsys.load(GOLDEN / "int8")
    assert isinstance(opened, Bundle)
    assert opened.manifest.variant == "int8"


def test_load_refuses_what_is_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no artifact here"):
        recsys.load(tmp_path)
    for value in ({"kind": "delta"}, {"kind": ["run"]}, [], {}):
        (tmp_path / "manifest.json").write_text(json.dumps(value))
        with pytest.raises(ArtifactError, match="kind must be one of dataset, run, bundle, scores, found"):
            recsys.load(tmp_path)
