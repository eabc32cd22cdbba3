"""The public interface: every name is there, documented, typed alike, and costs nothing until it is used."""

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import recsys
from pipelines import prepare as prepare_stage
from pipelines import score as score_stage
from pipelines.prepare import Request
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.config import parse_config
from recsys.core.errors import ArtifactError, ConfigError, DataError
from recsys.scoring.filters import Filters
from tests import facts
from tests.tiny_dataset import write_dataset

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


def test_a_stage_takes_by_function_what_it_takes_by_command() -> None:
    """Settings of a stage that no argument reached would be the commands' alone."""
    parameters = {name: set(inspect.signature(getattr(recsys, name)).parameters) for name in ("prepare", "score")}
    assert {field.name for field in fields(Request)} <= parameters["prepare"]
    assert {field.name for field in fields(Filters)} <= parameters["score"]
    for name, stage in (("prepare", prepare_stage.prepare), ("score", score_stage.score)):
        assert set(inspect.signature(stage).parameters) - {"request", "filters"} <= parameters[name]


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., recsys.Dataset]:
    """``nights(rows, **more)``: the dataset of a log of ten users, each of ``rows`` events."""
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))

    def make(rows: int, **more: Any) -> recsys.Dataset:
        log = tmp_path / f"{rows}.csv"
        events = [f"u{n % 10},i{n % 7},{1_000_000 * rows + n}" for n in range(10 * rows)]
        log.write_text("\n".join(["user_id,item_id,timestamp", *events]) + "\n")
        config = parse_config({"data": {"path": str(log)}, "prepare": {"k_core": 1, "keep_events": True}})
        return recsys.prepare(config, tmp_path / "work", **more)

    return make


def test_preparing_by_function_forgets_and_compares(
    nights: Callable[..., recsys.Dataset], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, gone = nights(4), tmp_path / "gone.txt"
    gone.write_text("u3\nnobody\n")
    left = nights(4, extends=first, forget=str(gone), against=first)
    assert left.counts["forgotten_users"] == 1
    told = capsys.readouterr().err
    assert f"1 users to forget were met; {gone} lists 2" in told
    assert f"{first.path} still holds the users to forget" in told
    with pytest.raises(DataError, match="users: 10 became 9"):
        nights(4, extends=first, forget=gone, against=first, max_drift=0.05)
    (first.path / "items.parquet").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"items\.parquet: SHA-256 is"):
        nights(5, extends=recsys.load(first.path))


def test_scoring_by_function_matches_and_checks(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", [[1, 2, 3]], ["a", "b", "c"], [1, 1, 1], {"users": 1}, {})
    run = Run.create(tmp_path / "run", {}, {**facts.RUN, "vocabulary_digest": dataset.vocabulary.digest})
    run.weights_file.write_bytes(b"weights")
    run.finish({})
    homes = tmp_path / "homes.csv"
    homes.write_text("user_id,colour\nu0,red\n")
    with pytest.raises(ConfigError, match=r"match colour: the items of .* have no such column"):
        recsys.score(run, dataset, 2, tmp_path, match=("colour", str(homes)))
    with pytest.raises(ConfigError, match="related lists items for items"):
        recsys.score(run, dataset, 2, tmp_path, match=("colour", homes), related=True)
    with pytest.raises(ConfigError, match="k is 0: expected 1"):
        recsys.score(run, dataset, 0, tmp_path)
    (dataset.path / "items.parquet").write_bytes((dataset.path / "items.parquet").read_bytes() + b" ")
    with pytest.raises(ArtifactError, match=r"items\.parquet: SHA-256 is"):
        recsys.score(run, dataset, 2, tmp_path)
