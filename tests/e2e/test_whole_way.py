"""From a log to reranked candidates in one command, and again when nothing has changed."""

import json
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.cli import main
from recsys.cli.results.runs import RunResult
from recsys.config.tracking import TrackingConfig
from recsys.core.digests import sha256_file
from recsys.tracking.runs import complete_runs, metric_history
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.record import SEAL_TAG
from serving.reranker import Event, Reranker
from tests.e2e.conftest import Recsys, half_written, write_recipe


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, log: Path) -> tuple[Path, Path]:
    """A recipe, and the work directory in which it has been run with two seeds."""
    directory = tmp_path_factory.mktemp("finished")
    recipe = write_recipe(directory, log)
    assert main(["run", str(recipe), "--work-dir", str(directory / "work"), "--seeds", "1,2"]) == 0
    return recipe, directory / "work"


def run_json(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str], *more: str) -> tuple[dict, str]:  # type: ignore[type-arg]
    recipe, work_dir = finished
    capsys.readouterr()
    assert main(["run", str(recipe), "--work-dir", str(work_dir), "--seeds", "1,2", "--json", *more]) == 0
    printed = capsys.readouterr()
    return json.loads(printed.out), printed.err


@pytest.mark.long
def test_json_has_the_promised_keys(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    result, _ = run_json(finished, capsys)
    assert set(result) == {field.name for field in fields(RunResult)}
    assert [Run(path).manifest.seed for path in result["runs"]] == result["seeds"]
    assert (result["protocol"], result["split"], result["seeds"]) == ("leave_one_out", "test", [1, 2])
    assert {"popularity", "markov", "window_markov"} <= set(result["baselines"])
    for metrics in (result["model"], *result["baselines"].values()):
        assert {"hr@10", "hr@10_std", "ndcg@10", "ndcg@10_std"} <= set(metrics)
        assert 0 <= metrics["ndcg@10"] <= metrics["hr@10"] <= 1
    assert set(result["bundle"]["variants"]) == {"float32", "int8"}
    for name, facts in result["bundle"]["variants"].items():
        assert set(facts) == {"path", "bytes", "median_ms", "validation", "test"}
        bundle = Bundle(facts["path"])
        assert bundle.manifest.variant == name
        assert bundle.manifest.dataset_digest == result["dataset_digest"]


def test_a_second_run_reuses_every_step_and_says_so(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: sha256_file(path) for path in finished[1].rglob("*") if path.is_file()}
    first, _ = run_json(finished, capsys)
    second, told = run_json(finished, capsys)
    assert second == first
    assert told.count("nothing changed, reused") == 4  # prepare, two seeds, export
    assert {path: sha256_file(path) for path in finished[1].rglob("*") if path.is_file()} == before


def test_a_second_run_imports_nothing_heavy(finished: tuple[Path, Path]) -> None:
    recipe, work_dir = finished
    code = (
        "import sys; from recsys.cli import main; "
        f"code = main(['run', {str(recipe)!r}, '--work-dir', {str(work_dir)!r}, '--seeds', '1,2']); "
        "print('loaded', *sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "What to type next:" in done.stdout
    loaded = set(done.stdout.rpartition("loaded ")[2].split())
    assert not {"tensorflow", "apache_beam", "mlflow"} & loaded


def test_what_it_prints_can_be_used(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    recipe, work_dir = finished
    capsys.readouterr()
    assert main(["run", str(recipe), "--work-dir", str(work_dir), "--seeds", "1,2"]) == 0
    printed = capsys.readouterr().out
    assert "What did come next" in printed
    assert "mean of 2 seeds" in printed
    (line,) = [line for line in printed.splitlines() if " rerank " in line]
    command = line.split()
    assert main(command[1:]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == 10


def test_the_bundle_serves_what_training_saw(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    result, _ = run_json(finished, capsys)
    (dataset,) = map(Dataset, (finished[1] / "datasets").iterdir())
    reranker = Reranker(result["bundle"]["variants"]["float32"]["path"])
    items = list(dataset.vocabulary.external_ids)
    ranked = reranker.rerank([Event(items[0], 1), Event(items[1], 2)], [*items, "never seen"])
    assert {one.item for one in ranked} == {*items, "never seen"}
    assert ranked[-1].item == "never seen"
    assert ranked[-1].score is None
    known = [one.score for one in ranked[:-1]]
    assert known == sorted(known, reverse=True)


def test_another_setting_makes_only_what_it_touches(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = run_json(finished, capsys, "--set", "export.variants=[float32, int8, int4]")
    assert told.count("nothing changed, reused") == 3
    assert "export: int4" in told
    assert "export: int8" not in told


@pytest.mark.slow
def test_overwrite_makes_the_same_again(recipe: Path, recsys: Recsys, tmp_path: Path) -> None:
    assert recsys("run", recipe, "--set", "export.variants=[float32]") == 0
    work_dir = tmp_path / "work"
    kept = ("manifest.json", "metrics.json", "history.jsonl")  # these hold times
    before = {p: sha256_file(p) for p in work_dir.rglob("*") if p.is_file() and p.name not in kept}
    assert recsys("run", recipe, "--set", "export.variants=[float32]", "--overwrite") == 0
    after = {p: sha256_file(p) for p in work_dir.rglob("*") if p.is_file() and p.name not in kept}
    assert set(after) == set(before)
    assert {p.name for p in before if after[p] != before[p]} <= {"weights.npz", "ranks.parquet"} | {
        p.name for p in before if "bundles" in p.parts
    }
    assert not half_written(work_dir)


@pytest.fixture
def bundle(finished: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of a finished bundle, to be damaged."""
    (source,) = (finished[1] / "bundles").glob("*/float32")
    return Path(shutil.copytree(source, tmp_path / "bundle"))


def rerank(bundle: Path) -> int:
    return main(["rerank", str(bundle), "--history", "1", "2", "--top", "3"])


def test_a_corrupted_bundle_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rerank(bundle) == 0
    content = bytearray((bundle / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "model.tflite").write_bytes(content)
    capsys.readouterr()
    assert rerank(bundle) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "model.tflite: SHA-256 is" in printed.err


def test_a_bundle_of_a_newer_format_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "format_version": 99}))
    assert rerank(bundle) == 3
    told = capsys.readouterr().err
    assert "format 99 is newer than this program reads" in told
    assert "upgrade recsys" in told


def test_a_damaged_run_or_dataset_is_refused(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, work_dir = finished
    shutil.copytree(work_dir, tmp_path / "work")
    for manifest in (tmp_path / "work" / "datasets").glob("*/manifest.json"):
        manifest.write_text("{")
    assert main(["run", str(recipe), "--work-dir", str(tmp_path / "work")]) == 3
    assert "manifest.json: not JSON" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_training_arrives_in_mlflow_while_it_runs(recipe: Path, recsys: Recsys, tmp_path: Path) -> None:
    # The mirror's thread sends a run whose directory this process has claimed: neither may wait for the other.
    on = ["--set", "tracking.enabled=true", "--set", "tracking.log_model=false"]
    on += ["--set", "training.validate_every=1"]
    assert recsys("train", recipe, *on) == 0
    store = open_store(TrackingConfig(), tmp_path / "work")
    (stored,) = complete_runs(store)
    (run,) = (path.parent for path in (tmp_path / "work" / "runs").glob("*/manifest.json"))
    assert stored.digest == run.name
    assert metric_history(store, stored, "validation/ndcg@10")[0] == [1, 2]

    # Trained again, it is another run: the store must not go on showing the figures of the first.
    weights = json.loads((run / "manifest.json").read_text())["finished"]
    assert recsys("train", recipe, *on, "--overwrite") == 0
    assert json.loads((run / "manifest.json").read_text())["finished"] >= weights
    (again,) = complete_runs(store)
    assert again.run_id != stored.run_id
    assert again.tags[SEAL_TAG] == sha256_file(run / "manifest.json")
