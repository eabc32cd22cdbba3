"""Work directories that are moved, copied, oddly named, empty or read-only; and what they hold of each other."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.config.tracking import TrackingConfig
from recsys.tracking.runs import complete_runs
from recsys.tracking.store.destination import where_to_look
from recsys.tracking.store.relocation import relocate
from recsys.tracking.store.store import find_store, open_store
from recsys.tracking.upload.sync import sync, sync_work_dir
from tests.tracking.conftest import run_builder


def files_below(path: Path) -> set[str]:
    return {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}


def compared(work_dir: Path, capsys, *arguments: str) -> list[int]:
    code = main(["compare", "--work-dir", str(work_dir), "--json", *arguments])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return sorted(seed for group in json.loads(shown.out)["groups"] for seed in group["seeds"])


def test_a_work_directory_that_was_moved_goes_on_where_it_is(make_run, work_dir, tracking, capsys):
    for width in (8, 16):
        sync(make_run(width=width, name=f"w{width}"), tracking, work_dir)
    moved = work_dir.parent / "elsewhere"
    work_dir.rename(moved)
    assert compared(moved, capsys, "--baseline", "w8") == [1, 1]
    run = run_builder(moved)(2, name="later")
    sync(run, tracking, moved)
    assert not work_dir.exists()
    (later,) = (one for one in complete_runs(open_store(tracking, moved)) if one.name == "later")
    assert (moved / "mlartifacts" / later.run_id / "artifacts" / "run" / "ranks.parquet").is_file()


def test_two_copies_write_each_into_its_own(make_run, work_dir, tracking, capsys):
    for width in (8, 16):
        sync(make_run(width=width, name=f"w{width}"), tracking, work_dir)
    copy = work_dir.parent / "copy"
    shutil.copytree(work_dir, copy)
    before = files_below(work_dir)
    sync(run_builder(copy)(2, name="later"), tracking, copy)
    assert files_below(work_dir) == before
    shutil.rmtree(work_dir / "mlartifacts")
    assert compared(copy, capsys, "--baseline", "w8") == [1, 1, 2]


def test_models_move_with_their_work_directory(make_run, work_dir):
    store = open_store(TrackingConfig(), work_dir)
    made = store.client.create_logged_model(store.experiment_id, name="recommender")
    moved = work_dir.parent / "elsewhere"
    work_dir.rename(moved)
    again = open_store(TrackingConfig(), moved).client.get_logged_model(made.model_id)
    assert again.artifact_location.startswith((moved / "mlartifacts").as_uri() + "/")


def test_only_files_beside_the_database_move_with_it(work_dir, tracking, tmp_path):
    """What someone put into the store by other means stays where they put it."""
    client = open_store(tracking, work_dir).client
    theirs = [(tmp_path / "work" / "mlartifacts2").as_uri(), "s3://bucket/mlartifacts"]
    made = [client.create_experiment(f"theirs-{place[:4]}", artifact_location=place) for place in theirs]
    moved = work_dir.parent / "elsewhere"
    work_dir.rename(moved)
    again = open_store(tracking, moved).client
    assert [again.get_experiment(one).artifact_location for one in made] == theirs
    assert not relocate(moved / "mlflow.db", moved / "mlartifacts")


@pytest.mark.parametrize("name", ["a b", "50% off", "a%20b", "a#b", "a?b", "größe 😀", "it's", "[x]", "a&b=c", "a@b:c"])
def test_a_work_directory_may_be_called_anything(tmp_path, empty_database, tracking, capsys, name):
    work_dir = tmp_path / "outer" / name
    work_dir.mkdir(parents=True)
    shutil.copyfile(empty_database, work_dir / "mlflow.db")
    build = run_builder(work_dir)
    for width in (8, 16):
        sync(build(width=width, name=f"w{width}"), tracking, work_dir)
    assert compared(work_dir, capsys, "--baseline", "w8") == [1, 1]
    moved = tmp_path / "outer" / f"{name} moved"
    work_dir.rename(moved)
    assert compared(moved, capsys, "--baseline", "w8") == [1, 1]
    assert [path.name for path in (tmp_path / "outer").iterdir()] == [moved.name]


def test_what_is_typed_next_is_quoted(tmp_path):
    shown = where_to_look(TrackingConfig(), tmp_path / "a b")
    assert shown == f"mlflow ui --backend-store-uri 'sqlite:///{tmp_path}/a b/mlflow.db'"
    assert where_to_look(TrackingConfig(uri="https://ada:s3cret@host"), tmp_path) == "https://host"


@pytest.mark.parametrize("arguments", [["compare"], ["promote", "someone"], ["promote", "--rollback"]])
@pytest.mark.parametrize("exists", [True, False])
def test_looking_makes_nothing(tmp_path, monkeypatch, capsys, arguments, exists):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir() if exists else None
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == 2
    assert "no experiment 'recsys' here, and no runs in work" in capsys.readouterr().err
    elsewhere = ["--tracking-uri", f"sqlite:///{tmp_path / 'no' / 'where.db'}"]
    assert main([*arguments, *elsewhere]) == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_looking_at_a_store_makes_no_experiment(work_dir, tracking):
    assert find_store(tracking, work_dir) is None
    store = open_store(tracking, work_dir)
    assert find_store(tracking, work_dir).experiment_id == store.experiment_id
    assert find_store(TrackingConfig(experiment="another"), work_dir) is None
    assert store.client.get_experiment_by_name("another") is None


def test_files_never_lie_where_the_command_stands(make_run, work_dir, tmp_path, empty_database, monkeypatch):
    """An SQLite store that the config names keeps its files beside it."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    shutil.copyfile(empty_database, there / "team.db")
    monkeypatch.chdir(here)
    named = TrackingConfig(uri=f"sqlite:///{there / 'team.db'}", system_metrics=False, log_model=False)
    sync(make_run(), named, work_dir)
    assert list(here.iterdir()) == []
    assert {path.name for path in there.iterdir()} == {"team.db", "mlartifacts"}
    assert not (work_dir / "mlartifacts").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_work_directory_that_must_not_be_written_can_be_looked_at(make_run, work_dir, tracking, capsys):
    sync(make_run(), tracking, work_dir)
    make_run(2)
    for path in (work_dir, work_dir / "mlflow.db"):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert compared(work_dir, capsys) == [1]
    finally:
        work_dir.chmod(0o755)


def test_a_store_that_takes_no_more_can_be_looked_at(make_run, work_dir, tracking, capsys):
    sync(make_run(), tracking, work_dir)
    lost = [make_run(seed) for seed in (2, 3)]
    with sqlite3.connect(work_dir / "mlflow.db") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk quota exceeded'); END"
        )
    assert main(["compare", "--work-dir", str(work_dir), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["groups"][0]["seeds"] == [1]
    assert "2 runs are not sent and left out" in shown.err
    assert "disk quota exceeded" in shown.err
    assert all(run.is_finished for run in lost)


def break_manifest(run: Run) -> None:
    (run.path / "manifest.json").write_text("{")


def change_manifest(run: Run, **fields: object) -> None:
    path = run.path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    "damage",
    [
        break_manifest,
        lambda run: change_manifest(run, format_version=99),
        lambda run: change_manifest(run, kind="dataset"),
        lambda run: change_manifest(run, started="yesterday"),
        lambda run: change_manifest(run, status="finished", digest=None),
        lambda run: (run.path / "config.json").unlink(),
        lambda run: run.config_file.write_text("{}"),
        lambda run: run.metrics_file.write_text('{"split": "test"}'),
        lambda run: run.metrics_file.unlink(),
        lambda run: run.history_file.write_text('{"loss": 1}\n'),
        lambda run: run.ranks_file.unlink(),
        lambda run: run.weights_file.write_bytes(b"torn"),
    ],
)
def test_a_damaged_run_holds_up_no_other(make_run, work_dir, capsys, damage):
    damaged, whole = make_run(1), make_run(2)
    damage(damaged)
    assert main(["compare", "--work-dir", str(work_dir), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["groups"][0]["seeds"] == [2]
    assert "left out" in shown.err
    assert damaged.path.name in shown.err
    assert whole.digest not in shown.err


def test_a_run_copied_without_its_empty_directories_is_sent(make_run, work_dir, capsys):
    shutil.rmtree(make_run(1).plots_dir)
    assert compared(work_dir, capsys) == [1]


def test_a_run_whose_dataset_is_gone_is_compared(make_run, work_dir, capsys):
    gone, _ = make_run(1), make_run(1, width=16)
    shutil.rmtree(work_dir / "datasets")
    assert compared(work_dir, capsys, "--baseline", gone.digest) == [1, 1]


def test_a_dataset_elsewhere_is_found_where_the_run_says(trained, work_dir, tmp_path, capsys):
    run = trained(knows=True, exported=False)
    (work_dir / "datasets").rename(tmp_path / "other")
    sync_work_dir(TrackingConfig(), work_dir)
    (stored,) = complete_runs(open_store(TrackingConfig(), work_dir))
    assert "holds no dataset" in stored.tags["recsys.model"]
    change_manifest(run, dataset_path=str(tmp_path / "other" / "log"))
    (again,) = sync_work_dir(TrackingConfig(), work_dir)[1]
    assert "recsys.model" not in again.tags
    store = open_store(TrackingConfig(), work_dir)
    assert store.client.search_logged_models([store.experiment_id], f"source_run_id = '{again.run_id}'")


def test_runs_that_others_put_into_the_store_are_left_out(make_run, work_dir, tracking, capsys):
    sync(make_run(), tracking, work_dir)
    store = open_store(tracking, work_dir)
    for tags in ({}, {"recsys.run_digest": "1" * 32}, {"recsys.run_digest": "1" * 32, "recsys.seed": "x"}):
        store.client.create_run(store.experiment_id, run_name="foreign", tags={"recsys.upload": "complete", **tags})
    assert main(["compare", "--work-dir", str(work_dir), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["groups"][0]["seeds"] == [1]
    assert shown.err.count("foreign") == 3


def test_a_run_whose_files_are_gone_from_the_store_is_left_out_of_the_tests(make_run, work_dir, tracking, capsys):
    baseline, lost, kept = (make_run(1, width=width, name=f"w{width}") for width in (8, 16, 32))
    ids = {run.manifest.name: sync(run, tracking, work_dir) for run in (baseline, lost, kept)}
    shutil.rmtree(work_dir / "mlartifacts" / ids["w16"])
    assert main(["compare", "--work-dir", str(work_dir), "--json", "--baseline", "w8"]) == 0
    shown = capsys.readouterr()
    assert {group["label"][:3] for group in json.loads(shown.out)["groups"]} == {"w8-", "w32"}
    assert "w16" in shown.err
    shutil.rmtree(work_dir / "mlartifacts" / ids["w8"])
    assert main(["compare", "--work-dir", str(work_dir), "--json", "--baseline", "w8"]) == 3


def test_a_damaged_bundle_holds_up_no_run(make_run, work_dir, capsys):
    make_run(1)
    damaged = work_dir / "bundles" / "x" / "int8"
    damaged.mkdir(parents=True)
    (damaged / "manifest.json").write_text("[]")
    assert compared(work_dir, capsys) == [1]
