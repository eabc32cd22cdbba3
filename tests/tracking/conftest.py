"""Runs without training: the files of a run directory, written as a training writes them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import find_dataset
from recsys.artifacts.run import Run
from recsys.config import parse_config
from recsys.config.tracking import TrackingConfig
from recsys.core.digests import digest
from recsys.tracking.store.destination import DATABASE
from tests import facts
from tests.tiny_dataset import write_dataset

MakeRun = Callable[..., Run]
ITEMS = 12


@pytest.fixture(autouse=True)
def no_server_of_the_developers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all its tables and nothing in them; making one takes MLflow seconds, copying it none."""
    directory = tmp_path_factory.mktemp("store")
    MlflowClient(f"sqlite:///{directory / DATABASE}").search_experiments()
    return directory / DATABASE


@pytest.fixture
def work_dir(tmp_path: Path, empty_database: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    shutil.copyfile(empty_database, path / DATABASE)
    return path


@pytest.fixture
def tracking() -> TrackingConfig:
    return TrackingConfig(system_metrics=False, log_model=False)


def make_dataset(path: Path, content: str = "log") -> str:
    """A dataset in which everyone steps from film to film in order; returns its digest.

    40 users start anywhere and take 5 to 8 steps round the circle of 12 films; the last step tests. One that is there
    stays as it is: processes of a test may share it.
    """
    if (path / "manifest.json").exists():
        return Dataset(path).digest
    histories = [[(user * 5 + step) % ITEMS + 1 for step in range(5 + user % 4)] for user in range(40)]
    names = [f"film-{number}" for number in range(1, ITEMS + 1)]
    counts, seen = {"read": 100, "written": 90}, list(range(ITEMS, 0, -1))
    return write_dataset(path, histories, names, seen, counts, {"content": content}).digest


@pytest.fixture
def make_run(work_dir: Path) -> MakeRun:
    return run_builder(work_dir)


def run_builder(work_dir: Path) -> MakeRun:
    """``make_run(seed=1, quality=0.5, finished=True, …)`` writes one run directory below the work directory."""

    def make(
        seed: int = 1,
        *,
        width: int = 8,
        quality: float = 0.5,
        content: str = "log",
        protocol: str = "leave_one_out",
        epochs: int = 3,
        finished: bool = True,
        users: int = 60,
        name: str = "toy",
        day: int = 1,
        filter_seen: bool = True,
    ) -> Run:
        config = parse_config(
            {
                "data": {"path": "log.csv"},
                "model": {
                    "width": width,
                    "max_length": 10,
                    "blocks": 1,
                    "positions": "newest",
                    "memory": {"neighbours": 4},
                },
                "training": {"seed": seed, "epochs": 3},
                "evaluation": {"filter_seen": filter_seen},
            }
        ).to_json()
        dataset_path = work_dir / "datasets" / content
        data_digest = make_dataset(dataset_path, content)
        identity = digest([config, data_digest, protocol, quality])
        run = Run.create(
            work_dir / "runs" / identity,
            config,
            {
                **facts.RUN,
                "digest": identity,
                "name": name,
                "seed": seed,
                "protocol": protocol,
                "dataset_digest": data_digest,
                "dataset_counts": {"read": 100, "written": 90},
                "table_size": ITEMS + 1,
                "config_digest": digest([config["model"], data_digest, quality]),
                "code_version": "0" * 40,
                "code_clean": True,
                "environment_lock": "1" * 64,
                "started": f"2026-01-{day:02}T00:00:00+00:00",
            },
        )
        if run.is_finished:
            return run
        for epoch in range(1, epochs + 1):
            run.log_epoch(
                {"epoch": epoch, "seconds": 1.5, "loss": 2.0 / epoch, "validation/ndcg@10": quality * epoch / epochs}
            )
        if finished:
            finish(run, seed, quality, users)
        return run

    make.finish = lambda run, seed=1, quality=0.5, users=60, **more: finish(run, seed, quality, users, **more)
    return make


def zero_weights(path: Path) -> None:
    np.savez(path, item_table=np.zeros((ITEMS + 1, 8), np.float32))


def finish(run: Run, seed: int, quality: float, users: int, weights: Callable[[Path], None] = zero_weights) -> None:
    """Seal the run with ranks that put about a ``quality`` share of targets first."""
    run.environment_file.write_text("numpy==2.4.6\n")
    first = np.random.default_rng([seed, 7]).random(users) < quality
    ranks = np.where(first, 1.0, 11.0)
    table = pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in range(users)],
            "target": np.ones(users, np.int32),
            "rank": ranks,
            "history_length": np.arange(users, dtype=np.int32) % 30,
            "target_count": np.ones(users, np.int64),
            "gap_ms": np.zeros(users, np.int64),
        }
    )
    pd.concat([table.assign(split=split) for split in ("validation", "test")]).to_parquet(run.ranks_file)
    reached: dict[str, Any] = {
        "hr@10": float(first.mean()),
        "ndcg@10": float(first.mean()),
        "mrr": float((1 / ranks).mean()),
    }
    epochs = sum(1 for _ in run.history())
    metrics = {
        "protocol": run.manifest.protocol,
        "request_time": run.manifest.request_time,
        "split": "test",
        "dataset_digest": run.manifest.dataset_digest,
        "seed": seed,
        "model": reached,
        "validation": {"ndcg@10": quality, "hr@10": quality},
        "baselines": {"popularity": {"hr@10": 0.1, "ndcg@10": 0.05, "mrr": 0.02}},
        "epochs": {"best": epochs, "run": epochs},
        "segments": {"history_length": {"0-9": {"ndcg@10": quality}}},
    }
    run.metrics_file.write_text(json.dumps(metrics))
    weights(run.weights_file)
    run.finish(
        {
            "finished": "2026-01-01T00:01:00+00:00",
            "wall_seconds": 60.0,
            "cpu_seconds": 100.0,
            "peak_memory_bytes": 10**8,
            "parameters": 1000,
            "multiply_adds": 5000,
        }
    )


@pytest.fixture(scope="session")
def bundles(tmp_path_factory):
    """Where bundles are kept between tests: the same seed makes the same one, and making one takes seconds."""
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture
def trained(make_run, work_dir, bundles):
    """``trained(knows, seed, …)`` makes a finished run, its model with or without a memory of the steps."""
    from recsys.config.export import ExportConfig
    from recsys.config.model import ModelConfig
    from recsys.export import export
    from recsys.models.keras import keras
    from recsys.models.sasrec import build_model
    from recsys.models.weights import save_weights
    from recsys.sequences.transitions import count_transitions

    exporting = ExportConfig(variants=("float32",), candidates=12, evaluated_users=40, max_quality_loss=0.9)

    def make(*, knows: bool, seed: int = 1, exported: bool = True, users: int = 60, **about):
        run = make_run(seed, finished=False, **about)
        dataset = find_dataset(work_dir, run.manifest.dataset_digest)
        keras.utils.set_random_seed(seed)
        model = build_model(ModelConfig.model_validate(run.config["model"]), dataset.vocabulary.table_size)
        if knows:
            sequences = dataset.sequences
            starts, ends = sequences.bounds("train")
            model.transitions.assign(count_transitions(sequences.items, starts, ends, model.items.rows, 1, 4))
        quality = about.get("quality", 0.5)
        make_run.finish(run, seed, quality, users=users, weights=lambda path: save_weights(model, path))
        if exported:
            kept = bundles / f"{knows}-{run.digest}"
            if not kept.exists():
                export(run, dataset, exporting, kept)
            shutil.copytree(kept / "bundles", work_dir / "bundles", dirs_exist_ok=True)
        return run

    return make
