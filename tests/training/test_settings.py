"""Every field of the model's and the training's config changes something; none is accepted and ignored."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from recsys.artifacts.dataset import Dataset
from recsys.config import Config, apply_override, parse_config
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.config.training import AugmentationConfig, NegativesConfig, TrainingConfig
from recsys.core.history import History
from recsys.models.keras import keras, tf
from recsys.models.sasrec import Packing, SASRec, build_model
from recsys.training.assembly import assemble
from recsys.training.batches.batches import Batches
from recsys.training.callbacks import EarlyStopping, Validation
from recsys.training.callbacks.validation import Judgement
from recsys.training.fit import Fit
from recsys.training.objective import TargetScorer, build_loss
from recsys.training.optimizer import build_optimizer
from recsys.training.trainer import config_digest, run_of

CHANGES: dict[str, list[str]] = {
    "model.max_length": ["5"],
    "model.width": ["16"],
    "model.blocks": ["2"],
    "model.heads": ["2"],
    "model.feed_forward": ["2"],
    "model.join": ["residual"],
    "model.positions": ["oldest", "rotary", "none"],
    "model.dropout": ["0.5"],
    "model.memory": ["null"],
    "model.memory.window": ["1"],
    "model.memory.neighbours": ["2"],
    "model.memory.average": ["1"],
    "model.memory.newest": ["2"],
    "model.memory.trained": ["joint"],
    "training.seed": ["2"],
    "training.loss": ["softmax", "bce", "gbce"],
    "training.negatives.uniform": ["3"],
    "training.negatives.popularity": ["3"],
    "training.negatives.in_batch": ["3"],
    "training.negatives.correct": ["false"],
    "training.negatives.exclude_seen": ["false"],
    "training.events": ["all"],
    "training.batch_size": ["8"],
    "training.learning_rate": ["0.1"],
    "training.beta_2": ["0.5"],
    "training.warmup_steps": ["50"],
    "training.schedule": ["cosine"],
    "training.weight_decay": ["0.5"],
    "training.temperature": ["0.5"],
    "training.label_smoothing": ["0.1"],
    "training.augmentation.crop": ["1.0"],
    "training.augmentation.mask": ["0.5"],
    "training.augmentation.reorder": ["1.0"],
}
# What these do is shown by the tests named beside them.
ELSEWHERE = {
    "training.epochs": "test_the_loop_ends_by_epochs_or_patience",
    "training.patience": "test_the_loop_ends_by_epochs_or_patience",
    "training.validate_every": "test_the_loop_ends_by_epochs_or_patience",
    "training.cycles": "test_cycles_fall_one_after_the_other",
    "training.gbce_calibration": "test_the_calibration_of_gbce_counts",
    "training.refit": "test_the_final_fit_learns_from_validation_events_too",
    "training.deterministic": "test_determinism_is_asked_of_tensorflow",
    "training.warm_start": "test_it_goes_on_where_the_other_ended",
}


def changed(config: Config, key: str, value: str) -> Config:
    values = config.to_json()
    apply_override(values, f"{key}={value}")
    return parse_config(values)


def two_steps(config: Config, dataset: Dataset) -> list[float]:
    """What the weights have become after two steps, as sums by variable: a fingerprint of all that trains."""
    keras.utils.set_random_seed(config.training.seed)
    sequences, table = dataset.sequences, dataset.vocabulary.table_size
    model, batches = assemble(config.model, config.training, sequences, sequences.bounds("train")[1], table - 1, table)
    optimizer = build_optimizer(config.training, 100)
    for step, batch in zip(range(2), batches.epoch(1), strict=False):
        tensors = {name: tf.constant(value) for name, value in batch.items()}
        with tf.GradientTape() as tape:
            seed = tf.constant([config.training.seed, step], tf.int32)
            hidden = model.hidden(History(tensors["ids"]), Packing(tensors["segments"], tensors["positions"]), seed)
            loss = build_loss(config.training)(TargetScorer(model, tensors, hidden.states))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    return [float(np.abs(variable.numpy()).sum()) for variable in model.variables]


@pytest.fixture(scope="module")
def before(dataset: Dataset, config: Config) -> list[float]:
    return two_steps(config, dataset)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in CHANGES.items() for value in values])
def test_a_field_changes_what_is_learned(
    dataset: Dataset, config: Config, before: list[float], key: str, value: str
) -> None:
    other = changed(config, key, value)
    assert two_steps(other, dataset) != before, f"{key}={value} is accepted and ignored"
    assert run_of(other, dataset, Path()).path != run_of(config, dataset, Path()).path
    assert (config_digest(other, dataset) == config_digest(config, dataset)) == (key == "training.seed")


def test_what_is_shown_elsewhere_is_there() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert not [name for name in ELSEWHERE.values() if f"def {name}(" not in source]


def test_no_field_is_forgotten() -> None:
    def keys(prefix: str, section: type[BaseModel]) -> set[str]:
        return {f"{prefix}.{name}" for name in section.model_fields}

    every = keys("model", ModelConfig) | keys("model.memory", MemoryConfig)
    every |= keys("training", TrainingConfig) | keys("training.negatives", NegativesConfig)
    every |= keys("training.augmentation", AugmentationConfig)
    assert every - {"training.negatives", "training.augmentation"} == set(CHANGES) | set(ELSEWHERE)


class Scripted(Fit):
    """A fit whose epochs cost nothing and whose validations are written down beforehand."""

    def _epoch(self, phase: str, on_step: Any) -> float:
        return 1.0


def epochs_run(dataset: Dataset, config: Config, tmp_path: Path, found: list[float]) -> tuple[int, int]:
    """Epochs run and the best one when validations find ``found``, one after the other."""
    model: SASRec = build_model(config.model, dataset.vocabulary.table_size)
    ends = dataset.sequences.bounds("train")[1]
    batches = Batches(dataset.sequences, ends, config.model, config.training, 20, None)
    script = iter(found)
    validation = Validation(lambda: Judgement({"ndcg@10": next(script)}, 1.0), tmp_path / "best.npz")
    progress = Scripted(model, batches, config.training, [validation, EarlyStopping()]).run()
    return progress.epoch, progress.best_epoch


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


def test_the_calibration_of_gbce_counts(dataset: Dataset, config: Config) -> None:
    gbce = changed(config, "training.loss", "gbce")
    assert two_steps(gbce, dataset) != two_steps(changed(gbce, "training.gbce_calibration", "0.1"), dataset)


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["model.width=10", "model.heads=3"], "multiple of model.heads"),
        (["model.width=6", "model.heads=2", "model.positions=rotary"], "must be even"),
        (["model.max_length=2"], "reaches beyond model.max_length"),
        (["model.memory.average=5"], "more than the 4 neighbours"),
        (["training.negatives.uniform=0"], "needs negatives"),
        (["training.learning_rate=0"], "greater than 0"),
        (["training.loss=bce", "training.label_smoothing=0.1"], "spreads a softmax's probability"),
        (["training.cycles=2"], "repeats a cosine"),
        (["training.gbce_calibration=0.5"], "is gbce's"),
        (["training.loss=softmax", "training.negatives.in_batch=3"], "draws none"),
    ],
)
def test_settings_that_cannot_work_together_are_refused(config: Config, overrides: list[str], reason: str) -> None:
    from recsys.core.errors import ConfigError

    values = config.to_json()
    for override in overrides:
        apply_override(values, override)
    with pytest.raises(ConfigError, match=reason):
        parse_config(values)
