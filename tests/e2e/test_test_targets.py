"""No code path but reporting reads a test target: with others in their place, all that is chosen is the same."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.core.artifact import file_hashes
from recsys.core.json_files import read_json, write_json
from recsys.core.schema import ITEMS, MANIFEST, VALIDATION_END
from tests.e2e.conftest import write_recipe

TRACKED = ["--set", "tracking.enabled=true", "--set", "tracking.system_metrics=false"]
VARIANTS = ["--set", "export.variants=[float32, int8]"]


def replace_test_targets(dataset: Dataset) -> int:
    """Draw another item for every test event; the manifest vouches for what now lies there. How many changed."""
    random, changed = np.random.default_rng(0), 0
    for shard in (dataset.path / "sequences").glob("*.parquet"):
        table = pq.read_table(shard)
        rows = table.to_pylist()
        for row in rows:
            for place in range(row[VALIDATION_END], len(row[ITEMS])):
                drawn = int(random.integers(1, len(dataset.vocabulary) + 1))
                changed += drawn != row[ITEMS][place]
                row[ITEMS][place] = drawn
        pq.write_table(pa.Table.from_pylist(rows, table.schema), shard)
    manifest = read_json(dataset.path / MANIFEST)
    write_json(dataset.path / MANIFEST, {**manifest, "files": file_hashes(dataset.path)})
    return changed


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, log: Path) -> tuple[Path, Path]:
    """A work directory with two trained seeds, and one with the same but for the test targets."""
    directory = tmp_path_factory.mktemp("targets")
    recipe, true, false = write_recipe(directory, log), directory / "true", directory / "false"
    assert main(["train", str(recipe), "--work-dir", str(true), "--seeds", "1,2", *TRACKED]) == 0
    shutil.copytree(true, false, ignore=shutil.ignore_patterns("mlflow.db", "mlartifacts"))  # a store of its own
    assert main(["compare", "--work-dir", str(false)]) == 0  # whose models were logged before the targets change
    (dataset,) = (Dataset(path) for path in (false / "datasets").iterdir())
    assert replace_test_targets(dataset) > 50
    return true, false


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path, fails: bool = False) -> dict[str, Any]:
    capsys.readouterr()
    assert (main([*map(str, arguments), "--json"]) != 0) == fails
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_sweep_and_an_ablation_choose_the_same(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, true, false = write_recipe(tmp_path, log), tmp_path / "true", tmp_path / "false"
    assert main(["prepare", str(recipe), "--work-dir", str(true)]) == 0
    shutil.copytree(true, false)
    (dataset,) = (Dataset(path) for path in (false / "datasets").iterdir())
    assert replace_test_targets(dataset) > 50
    searched = [
        printed(capsys, "sweep", recipe, "--work-dir", work, "--param", "model.width=8,16", "--method", "grid")
        for work in (true, false)
    ]
    assert searched[0] == searched[1]
    assert [trial["state"] for trial in searched[0]["trials"]] == ["complete", "complete"]
    runs = [{path.name: Run(path) for path in (work / "runs").iterdir()} for work in (true, false)]
    assert len(runs[0]) == 2
    for name, run in runs[0].items():
        other = runs[1][name]
        assert (run.is_test_read, other.is_test_read) == (False, False)
        assert run.metrics == other.metrics
        assert run.weights_digest == other.weights_digest
        made = ("ranks.parquet", "plots/", "baselines/")
        sealed = [{k: v for k, v in one.manifest.files.items() if k.startswith(made)} for one in (run, other)]
        assert sealed[0] == sealed[1]

    best = searched[0]["trials"][0]
    again = ("--seeds", "1", "--set", f"model.width={best['values']['model.width']}", "--work-dir")
    reported = [printed(capsys, "train", recipe, *again, work) for work in (true, false)]
    assert [Path(one["runs"][0]).name for one in reported] == best["runs"] * 2, "the trial's run is found again"
    assert reported[0]["model"] != reported[1]["model"], "what is reported of the test did not see the other targets"
    shown = [printed(capsys, "evaluate", runs[0][name].path) for name in best["runs"]]
    assert shown[0]["model"] == reported[0]["model"], "read once, found again"

    arms = ("--drop", "model.width=16", "--seeds", "1", "--work-dir")
    tables = [printed(capsys, "ablate", recipe, *arms, work) for work in (true, false)]
    assert tables[0]["chosen"] == tables[1]["chosen"]
    assert [arm["validation"] for arm in tables[0]["arms"]] == [arm["validation"] for arm in tables[1]["arms"]]
    assert [arm["metrics"] for arm in tables[0]["arms"]] != [arm["metrics"] for arm in tables[1]["arms"]]


def decided(value: Any) -> Any:
    """What was found out, less the places, the clock's times, what is told of the test, and its digits' bytes."""
    told = {"path", "median_ms", "test", "bytes"}
    if isinstance(value, dict):
        return {key: decided(inner) for key, inner in value.items() if key not in told}
    return [decided(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_run_exports_chooses_and_promotes_the_same(
    works: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    exported, verdicts, files, told = [], [], [], []
    for work in works:
        on = ("--work-dir", work)
        first, second = sorted(map(Run, (work / "runs").iterdir()), key=lambda run: run.manifest.seed)
        result = printed(capsys, "export", first.path, *on, "--budget", "1MiB", *VARIANTS)
        assert result["chosen"] in ("float32", "int8")
        printed(capsys, "export", second.path, *on, "--set", "export.variants=[float32]")
        exported.append(decided(result))
        told.append(result["variants"]["int8"]["test"])
        made = file_hashes(work / "bundles")
        files.append({name: digest for name, digest in made.items() if not name.endswith(MANIFEST)})
        by = ("--variant", "float32", "--margin", "0.9")
        judged = [printed(capsys, "promote", run.digest, *on, *by) for run in (first, second)]
        verdicts.append([{**one, "checks": _without_costs(one["checks"])} for one in judged])
    assert told[0] != told[1], "what is reported of the test did not see the other targets: nothing was tried"
    assert files[0] == files[1]
    assert exported[0] == exported[1]
    assert verdicts[0] == verdicts[1]
    assert [one["promoted"] for one in verdicts[0]] == [True, True]


def _without_costs(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    costs = ("latency", "size")
    return [{**check, "evidence": None if check["name"] in costs else check["evidence"]} for check in checks]
