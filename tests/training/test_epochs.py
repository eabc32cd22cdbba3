"""How many epochs a fit runs, and which of them is the best."""

from pathlib import Path
from typing import Any

import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config import Config, apply_override, parse_config
from recsys.config.training import TrainingConfig
from recsys.models.sasrec import SASRec, build_model
from recsys.training.batches.batches import Batches
from recsys.training.callbacks import EarlyStopping
from recsys.training.fit import Fit
from recsys.training.validation import Judgement, Validation


def changed(config: Config, key: str, value: str) -> Config:
    values = config.to_json()
    apply_override(values, f"{key}={value}")
    return parse_config(values)


class Scripted(Fit):
    """A fit whose epochs cost nothing and whose validations are written down beforehand."""

    def _epoch(self, phase: str, on_step: Any) -> float:
        return 1.0


class Written:
    """Validations that find ``found``, one after the other."""

    def __init__(self, found: list[float]) -> None:
        self.script = iter(found)

    def __call__(self) -> Judgement:
        return Judgement({"ndcg@10": next(self.script)}, 1.0)

    def cold_scale(self) -> float:
        return 1.0


def scripted(dataset: Dataset, config: Config, tmp_path: Path, found: list[float]) -> Fit:
    """A fit whose validations find ``found``, one after the other."""
    model: SASRec = build_model(config.model, dataset.vocabulary.table_size)
    ends = dataset.sequences.bounds("train")[1]
    batches = Batches(dataset.sequences, ends, config.model, config.training, 20, None)
    validation = Validation(Written(found), tmp_path / "best.npz")
    return Scripted(model, batches, config.training, [validation, EarlyStopping()])


def epochs_run(dataset: Dataset, config: Config, tmp_path: Path, found: list[float]) -> tuple[int, int]:
    """Epochs run, and the best one."""
    progress = scripted(dataset, config, tmp_path, found).run()
    return progress.epoch, progress.best_epoch


def test_an_epochs_last_step_is_told_with_what_its_validation_found(
    dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    told: list[tuple[int, str]] = []

    def on_step(phase: str, epoch: int, epochs: int, step: int, steps: int, note: str) -> None:
        told.append((epoch, note))

    for key, value in (("training.epochs", "3"), ("training.validate_every", "1")):
        config = changed(config, key, value)
    scripted(dataset, config, tmp_path, [0.1, 0.3, 0.2]).run(on_step=on_step)
    assert told == [(1, "best validation 0.1000"), (2, "best validation 0.3000"), (3, "best validation 0.3000")]


@pytest.mark.parametrize(
    ("epochs", "patience", "validate_every", "found", "expected"),
    [
        (5, 9, 1, [0.1, 0.2, 0.3, 0.4, 0.5], (5, 5)),
        (9, 2, 1, [0.1, 0.3, 0.2, 0.2], (4, 2)),
        (9, 2, 2, [0.1, 0.3, 0.2, 0.2], (8, 4)),
        (5, 9, 2, [0.1, 0.2, 0.3], (5, 5)),  # the last epoch is always validated
    ],
)
def test_the_loop_ends_by_epochs_or_patience(
    dataset: Dataset,
    config: Config,
    tmp_path: Path,
    epochs: int,
    patience: int,
    validate_every: int,
    found: list[float],
    expected: tuple[int, int],
) -> None:
    settings = {"epochs": epochs, "patience": patience, "validate_every": validate_every}
    for key, value in settings.items():
        config = changed(config, f"training.{key}", str(value))
    assert epochs_run(dataset, changed(config, "model.memory", "null"), tmp_path, found) == expected


@pytest.mark.parametrize(("steps", "epochs"), [(0, 100), (1, 100), (15, 100), (20, 75), (75, 20), (1500, 20)])
def test_epochs_that_are_left_open_make_enough_steps(steps: int, epochs: int) -> None:
    """20, or as many as make 1,500 steps, but at most 100."""
    assert TrainingConfig().epochs_of(steps) == epochs
    assert TrainingConfig(epochs=3).epochs_of(steps) == 3
