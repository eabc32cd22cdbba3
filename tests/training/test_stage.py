"""A training from start to seal: what it leaves, that it resumes, that it stops when it must."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ArtifactError, ConfigError, DataError, DivergedError
from recsys.core.locks import claimed
from recsys.evaluation.evaluate import EvaluationData, Targets, rank, targets_of
from recsys.evaluation.scorer import scorer
from recsys.models.loading import load_run
from recsys.sequences.transitions import count_transitions
from recsys.training.assembly import make_reproducible
from recsys.training.facts import Clock
from recsys.training.fit import Fit
from recsys.training.stage import config_digest, run_of, train
from tests.training.conftest import changed


class KilledError(Exception):
    """Stands for a kill: nothing after it runs."""


class KillAfter:
    """A callback that ends the process's work after some epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_start(self, run: Run, config: Config) -> None: ...

    def on_epoch(self, run: Run, metrics: dict[str, float]) -> None:
        if metrics["epoch"] == self.epochs:
            raise KilledError

    def on_end(self, run: Run) -> None: ...


@pytest.fixture(scope="module")
def config(config: Config) -> Config:
    return changed(config, refit=True)


@pytest.fixture(scope="module")
def whole(dataset: Dataset, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nothing interrupted."""
    return train(config, dataset, tmp_path_factory.mktemp("whole")).artifact


def test_a_run_holds_what_it_promises(dataset: Dataset, whole: Run) -> None:
    whole.verify()
    metrics, history = whole.metrics, list(whole.history())
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    best = max(history, key=lambda entry: entry["validation/ndcg@10"])
    assert metrics["epochs"] == {"best": best["epoch"], "run": 4}
    assert metrics["validation"]["ndcg@10"] == pytest.approx(best["validation/ndcg@10"])
    assert set(metrics["baselines"]) == {"popularity", "markov", "window_markov"}
    assert metrics["model"]["hr@10"] > metrics["baselines"]["popularity"]["hr@10"]
    ranks = pd.read_parquet(whole.ranks_file)
    test = ranks[ranks["split"] == "test"]
    assert len(test) == len(dataset.sequences)
    found = np.where(test["rank"] <= 10, 1 / np.log2(1 + test["rank"]), 0).mean()
    assert metrics["model"]["ndcg@10"] == pytest.approx(found)
    assert not whole.checkpoint_dir.exists(), "a finished run needs no checkpoint"
    assert f"numpy=={np.__version__}" in whole.environment_file.read_text().splitlines()
    # Length 10, width 8, one LiGR block: keys of ten events, one query, four times the width in a gated feed-forward.
    assert whole.manifest.multiply_adds == 10 * 3 * 64 + 2 * 10 * 8 + (1 + 2 + 3 * 4) * 64


def test_the_sealed_weights_give_the_sealed_ranks(dataset: Dataset, whole: Run) -> None:
    ranks = pd.read_parquet(whole.ranks_file)
    expected = ranks[ranks["split"] == "test"]["rank"].to_numpy()
    data = EvaluationData.of(dataset)
    found = rank(scorer(load_run(whole), data.sequences), data, targets_of(data, "test"), EvaluationConfig())
    np.testing.assert_array_equal(found, expected)


def test_the_final_fit_learns_from_validation_events_too(dataset: Dataset, whole: Run) -> None:
    assert whole.metrics["protocol"] == "leave_one_out+refit"
    sequences, table = dataset.sequences, dataset.vocabulary.table_size
    starts, ends = sequences.offsets[:-1], {split: sequences.bounds(split)[1] for split in ("train", "validation")}
    counted = {
        split: count_transitions(sequences.items, starts, ends[split], table, window=3, neighbours=64) for split in ends
    }
    with np.load(whole.weights_file) as final:
        (totals,) = (final[name] for name in final.files if "divisors" in name)
    assert not np.array_equal(counted["train"].totals, counted["validation"].totals)
    np.testing.assert_allclose(totals, counted["validation"].totals, rtol=1e-6, atol=1e-5)


def test_the_same_config_is_reused_and_another_seed_is_not(dataset: Dataset, config: Config, whole: Run) -> None:
    work_dir = whole.path.parent.parent
    again = train(config, dataset, work_dir)
    other = run_of(changed(config, seed=2), dataset, work_dir)
    assert again.reused
    assert again.artifact.path == whole.path != other.path
    assert config_digest(config, dataset.digest) == config_digest(changed(config, seed=2), dataset.digest)
    assert config_digest(config, dataset.digest) != config_digest(changed(config, epochs=5), dataset.digest)


@pytest.mark.long
def test_a_killed_training_resumes_to_the_same_bits(
    dataset: Dataset, config: Config, whole: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KilledError):
        train(config, dataset, tmp_path, callbacks=[KillAfter(3)])
    assert "goes on" not in capsys.readouterr().err
    broken = run_of(config, dataset, tmp_path)
    assert broken.is_started
    assert not broken.is_finished
    resumed = train(config, dataset, tmp_path).artifact
    assert "search goes on after epoch 2, where it was interrupted" in capsys.readouterr().err
    with np.load(whole.weights_file) as one, np.load(resumed.weights_file) as other:
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    histories = [[{k: v for k, v in e.items() if k != "seconds"} for e in run.history()] for run in (whole, resumed)]
    assert histories[0] == histories[1]
    assert whole.metrics == resumed.metrics


@pytest.mark.long
def test_a_loss_that_diverges_stops_the_run_and_keeps_the_checkpoint(
    dataset: Dataset, config: Config, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Fit.steps

    def diverging(self: Fit, epoch: int) -> Iterator[Any]:
        yield from steps(self, epoch)
        if epoch == 3:
            yield np.nan

    monkeypatch.setattr(Fit, "steps", diverging)
    with pytest.raises(DivergedError, match=r"became nan in epoch 3; .*\(epoch 2\) is kept.*learning_rate"):
        train(config, dataset, tmp_path)
    run = run_of(config, dataset, tmp_path)
    assert not run.is_finished
    assert [entry["epoch"] for entry in run.history()] == [1, 2]
    monkeypatch.undo()
    assert train(config, dataset, tmp_path).artifact.metrics == whole.metrics, "it went on from the checkpoint"


def test_a_loss_that_is_wild_from_the_start_is_told(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    wild = changed(config, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"loss became (nan|inf).*learning_rate"):
        train(wild, dataset, tmp_path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_processes_do_not_train_one_run(dataset: Dataset, config: Config, tmp_path: Path, overwrite: bool) -> None:
    run = run_of(config, dataset, tmp_path)
    run.path.mkdir(parents=True)
    (run.path / "history.jsonl").write_text("the other's\n")
    with claimed(run.path, "another"), pytest.raises(ConfigError, match="already under way"):
        train(config, dataset, tmp_path, overwrite=overwrite)
    assert run.history_file.read_text() == "the other's\n"


def test_a_kill_just_after_the_seal_loses_nothing(
    dataset: Dataset, config: Config, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, **_: object) -> None:
        raise KilledError(str(path))

    monkeypatch.setattr("recsys.training.run_files.shutil.rmtree", killed)
    with pytest.raises(KilledError, match="checkpoint"):
        train(config, dataset, tmp_path)
    monkeypatch.undo()
    again = train(config, dataset, tmp_path)
    assert again.reused
    again.artifact.verify()
    assert again.artifact.metrics == whole.metrics


def test_a_resumed_training_counts_the_seconds_of_every_attempt(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"wall": 100.0, "cpu": 50.0}')
    clock = Clock(file)
    assert clock.wall >= 100.0
    clock.save()
    assert Clock(file).wall >= clock.wall - 1.0
    assert Clock(file).cpu >= 50.0


def test_a_test_split_of_new_items_is_told_before_training(
    dataset: Dataset, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = Targets("test", np.zeros(0, np.int64), np.zeros(0, np.int64))
    found = targets_of(EvaluationData.of(dataset), "validation")
    monkeypatch.setattr(
        "recsys.training.phases.targets_of", lambda dataset, split, at_most=None: none if split == "test" else found
    )
    with pytest.raises(DataError, match="no user has a test event on an item of training"):
        train(config, dataset, tmp_path)
    assert not list(run_of(config, dataset, tmp_path).history())


def test_a_damaged_dataset_is_never_trained_on(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    copy = tmp_path / "dataset"
    shutil.copytree(dataset.path, copy)
    (shard,) = (copy / "sequences").iterdir()
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"part-0\.parquet.*damaged"):
        train(config, Dataset(copy), tmp_path)


def test_determinism_is_asked_of_tensorflow(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("tensorflow.config.experimental.enable_op_determinism", lambda: asked.append(True))
    make_reproducible(config.training.model_copy(update={"deterministic": False}))
    assert asked == []
    make_reproducible(config.training.model_copy(update={"deterministic": True}))
    assert asked == [True]
