"""Every field of the model's and the training's config changes something; none is accepted and ignored."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from pydantic import BaseModel

from recsys.artifacts.dataset import Dataset
from recsys.config import Config, apply_override, parse_config
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.config.training import AugmentationConfig, NegativesConfig, TrainingConfig
from recsys.core.history import History
from recsys.models.dropout import dropout
from recsys.models.keras import keras, tf
from recsys.models.sasrec import Packing, SASRec
from recsys.training.assembly import assemble
from recsys.training.batches.batches import Batches
from recsys.training.objective import TargetScorer, build_loss
from recsys.training.objective.full_softmax import Softmax
from recsys.training.objective.losses import BinaryCrossEntropy, GeneralisedBinaryCrossEntropy, NextItemTask
from recsys.training.optimizer import LazyAdam, Schedule, build_optimizer
from recsys.training.stage import config_digest, run_of


class Made(NamedTuple):
    """What a config makes of the ring dataset, as far as a first step."""

    config: Config
    model: SASRec
    batches: Batches
    batch: dict[str, tf.Tensor]
    transitions: Any
    optimizer: LazyAdam
    loss: NextItemTask
    scorer: TargetScorer


def make(config: Config, dataset: Dataset) -> Made:
    sequences, table, training = dataset.sequences, dataset.vocabulary.table_size, config.training
    keras.utils.set_random_seed(training.seed)
    model, batches = assemble(config.model, training, sequences, sequences.bounds("train")[1], table - 1, table)
    batch = {name: tf.constant(value) for name, value in next(batches.epoch(1)).items()}
    hidden = model.hidden(History.of(batch), Packing(batch["segments"], batch["positions"]))
    scorer = TargetScorer(model, batch, hidden.states)
    optimizer = build_optimizer(training, STEPS)
    return Made(config, model, batches, batch, model.transitions, optimizer, build_loss(training), scorer)


STEPS = 100  # of a made-up training


def history(*items: int) -> History:
    return History(tf.constant([[0] * (10 - len(items)) + [*items]]))


def longest(made: Made) -> int:
    """Events that are read of one example; its last is only predicted."""
    return int((made.batches.examples.ends - made.batches.examples.starts).max()) - 1


def inner_units(made: Made) -> int:
    return int(made.model.blocks[0].feed_forward.outer.kernel.shape[0])


def gates(made: Made) -> bool:
    return hasattr(made.model.blocks[0].mixer_join, "gate")


def first_position(made: Made) -> int | None:
    """Of the oldest of several events of a user in training; None where no vector is learned of it."""
    segments, positions = made.batch["segments"].numpy(), made.batch["positions"].numpy()
    rows, columns = np.nonzero(segments == 1)
    learned = made.model.events.positions is not None
    return int(positions[rows[0], columns[0]] > 0) if learned else None


def order_counts(made: Made) -> bool:
    """Whether attention tells two histories apart that differ only in the order of their earlier events."""
    one, other = (made.model.encode(history(*items)).numpy() for items in ((3, 4, 5), (4, 3, 5)))
    return not np.allclose(one, other, atol=1e-6)


def counted_steps(made: Made) -> float:
    """What transitions weigh; of each user's n training events, those k steps apart weigh (n - k) / k, and a row's
    total is divided by itself to the power of the normalization."""
    return round(float(made.transitions.divisors.numpy().sum()), 2)


def normalizations(made: Made) -> tuple[float, float]:
    """Of the table that is read, and of what a batch says without the user's own events."""
    return made.transitions.normalization, made.batches.others.normalization


def kept_transitions(made: Made) -> int:
    return int(np.count_nonzero(made.transitions.counts.numpy()))


def told_apart_from_seen(made: Made) -> bool:
    """Whether a target is told apart from what its own user has seen."""
    negatives = made.batch["negatives"]
    excluded = made.loss.excluded(made.scorer, negatives).numpy()[made.scorer.weights.numpy() > 0]
    own = (negatives[None] == made.scorer.targets[:, None]).numpy()[made.scorer.weights.numpy() > 0]
    return bool((excluded == own).all())


def targets_of_an_epoch(made: Made) -> int:
    return sum(int(batch["count"]) for batch in made.batches.epoch(1))


def rate(made: Made, step: int) -> float:
    return round(float(Schedule(made.config.training, STEPS)(tf.constant(step))), 8)


Meaning = Callable[[Made], Any]


# A setting, what is looked at, and what it is then; with the config's own value it is something else.
MEANINGS: list[tuple[str, Meaning, Any]] = [
    ("model.max_length=5", longest, 5),
    ("model.width=16", lambda made: made.model.encode(history(1, 2)).shape[-1], 16),
    ("model.blocks=2", lambda made: len(made.model.hidden(history(1, 2)).weights), 2),
    ("model.heads=2", lambda made: made.model.hidden(history(1, 2)).weights[0].shape[1], 2),
    ("model.feed_forward=2", inner_units, 2 * 8),
    ("model.join=residual", gates, False),
    ("model.positions=oldest", first_position, 0),
    ("model.positions=none", order_counts, False),
    ("model.positions=rotary", lambda made: (first_position(made), order_counts(made)), (None, True)),
    ("model.memory=null", lambda made: made.model.memory is None, True),
    ("model.memory.window=1", counted_steps, "ones"),
    ("model.memory.window_decay=0", counted_steps, "as many"),
    ("model.memory.normalization=0.25", normalizations, (0.25, 0.25)),
    ("model.memory.neighbours=2", lambda made: made.transitions.neighbours.shape[1], 2),
    ("model.memory.average=1", kept_transitions, 21),
    ("model.memory.newest=2", lambda made: made.batch["target_counts"].shape[-1], 2),
    ("model.memory.trained=joint", lambda made: len(made.scorer.positives()), 2),
    ("training.loss=softmax", lambda made: type(made.loss), Softmax),
    ("training.loss=bce", lambda made: type(made.loss), BinaryCrossEntropy),
    ("training.loss=gbce", lambda made: type(made.loss), GeneralisedBinaryCrossEntropy),
    ("training.negatives.uniform=3", lambda made: len(made.batch["negatives"]), 3),
    ("training.negatives.popularity=4", lambda made: len(made.batch["negatives"]), 15 + 4),
    ("training.negatives.in_batch=5", lambda made: len(made.batch["negatives"]), 15 + 5),
    ("training.negatives.correct=false", lambda made: bool(made.batch["log_expected"].numpy().any()), False),
    ("training.negatives.exclude_seen=false", told_apart_from_seen, True),
    ("training.events=all", targets_of_an_epoch, "every"),
    ("training.batch_size=8", lambda made: len(made.batches), 8),  # of 60 users
    ("training.learning_rate=0.1", lambda made: rate(made, 0), 0.1),
    ("training.beta_2=0.5", lambda made: made.optimizer.beta_2, 0.5),
    ("training.warmup_steps=50", lambda made: rate(made, 4) / rate(made, 49), 0.1),
    ("training.schedule=cosine", lambda made: round(rate(made, STEPS) / rate(made, 0), 4), 0.01),
    ("training.weight_decay=0.5", lambda made: made.optimizer.decay, 0.5),
    ("training.temperature=0.5", lambda made: float(made.loss.tempered(tf.constant(3.0))), 6.0),
    ("training.label_smoothing=0.1", lambda made: len(made.loss.spread(tf.zeros([1, 2]))), 2),
]


# What these do is shown by the tests named beside them.
ELSEWHERE = {
    "model.dropout": "test_dropout_zeroes_its_share_in_training_alone",
    "model.id_dropout": "test_a_step_knows_a_share_of_the_items_by_their_features_alone",
    "model.request_time": "test_a_pause_that_decides_what_comes_next_is_learned",
    "model.event_types": "test_an_unseen_item_that_resembles_disliked_ones_falls",
    "model.event_values": "test_an_unseen_item_that_resembles_disliked_ones_falls",
    "training.cold_cost": "test_validation_says_how_much_new_items_are_sought",
    "training.seed": "test_a_seed_draws_weights_and_batches_and_no_other_kind_of_run",
    "training.augmentation.crop": "test_cropping_trains_on_runs_of_histories",
    "training.augmentation.mask": "test_masking_blanks_what_is_read_and_no_target",
    "training.augmentation.reorder": "test_reordering_moves_events_whole",
    "training.augmentation.prefix": "test_a_prefix_has_its_last_event_as_its_only_target",
    "training.augmentation.repeat": "test_short_histories_are_repeated_until_the_row_is_full",
    "training.epochs": "test_the_loop_ends_by_epochs_or_patience",
    "training.patience": "test_the_loop_ends_by_epochs_or_patience",
    "training.validate_every": "test_the_loop_ends_by_epochs_or_patience",
    "training.ema_momentum": "test_the_average_forgets_by_its_momentum_and_learning_goes_on_from_the_weights",
    "training.cycles": "test_cycles_fall_one_after_the_other",
    "training.gbce_calibration": "test_the_calibration_of_gbce_by_scalars",
    "training.refit": "test_the_final_fit_learns_from_validation_events_too",
    "training.deterministic": "test_determinism_is_asked_of_tensorflow",
    "training.warm_start": "test_it_goes_on_where_the_other_ended",
}


def changed(config: Config, key: str, value: str) -> Config:
    values = config.to_json()
    apply_override(values, f"{key}={value}")
    return parse_config(values)


@pytest.fixture(scope="module")
def before(dataset: Dataset, config: Config) -> Made:
    return make(config, dataset)


@pytest.mark.parametrize(("setting", "look", "expected"), MEANINGS, ids=[setting for setting, *_ in MEANINGS])
def test_a_setting_does_what_it_says(
    dataset: Dataset, config: Config, before: Made, setting: str, look: Meaning, expected: Any
) -> None:
    lengths = dataset.sequences.train_end
    known = {"ones": round(float((lengths - 1).sum()), 2), "every": int((lengths - 1).sum())}
    known["as many"] = round(float(sum(np.maximum(lengths - step, 0).sum() for step in (1, 2, 3))), 2)
    expected = known.get(expected, expected) if isinstance(expected, str) else expected
    other = changed(config, *setting.split("=", 1))
    assert look(make(other, dataset)) == pytest.approx(expected)
    assert look(before) != pytest.approx(expected), "it is so whatever the setting"
    assert run_of(other, dataset, Path()).path != run_of(config, dataset, Path()).path
    assert config_digest(other, dataset.digest) != config_digest(config, dataset.digest)


def test_a_seed_draws_weights_and_batches_and_no_other_kind_of_run(
    dataset: Dataset, config: Config, before: Made
) -> None:
    other = changed(config, "training.seed", "2")
    for seed, same in (("1", True), ("2", False)):
        made = make(changed(config, "training.seed", seed), dataset)
        assert np.array_equal(made.model.trained_items.vectors(), before.model.trained_items.vectors()) == same
        assert np.array_equal(made.batch["history"], before.batch["history"]) == same
    assert config_digest(other, dataset.digest) == config_digest(config, dataset.digest)
    assert run_of(other, dataset, Path()).path != run_of(config, dataset, Path()).path


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_dropout_zeroes_its_share_in_training_alone(dataset: Dataset, config: Config, share: float) -> None:
    seed = tf.constant([1, 2], tf.int32)
    kept = dropout(tf.ones([100, 100]), share, seed).numpy()
    assert (kept == 0.0).mean() == pytest.approx(share, abs=0.02)  # four deviations
    assert set(kept[kept > 0]) == {1 / (1 - share)}
    model = make(changed(config, "model.dropout", str(share)), dataset).model
    trained, served = (model.hidden(history(1, 2, 3), None, drawn).states.numpy() for drawn in (seed, None))
    assert np.array_equal(trained, served) == (share == 0.0)


def test_what_is_shown_elsewhere_is_there() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parents[1].glob("*/test_*.py"))
    assert not [name for name in ELSEWHERE.values() if f"def {name}(" not in source]


def test_no_field_is_forgotten() -> None:
    def keys(prefix: str, section: type[BaseModel]) -> set[str]:
        return {f"{prefix}.{name}" for name in section.model_fields}

    every = keys("model", ModelConfig) | keys("model.memory", MemoryConfig)
    every |= keys("training", TrainingConfig) | keys("training.negatives", NegativesConfig)
    every |= keys("training.augmentation", AugmentationConfig)
    shown = {setting.partition("=")[0] for setting, *_ in MEANINGS}
    assert every - {"training.negatives", "training.augmentation"} == shown | set(ELSEWHERE)


@pytest.mark.parametrize("calibration", [0.0, 0.1, 1.0])
def test_the_calibration_of_gbce_by_scalars(dataset: Dataset, config: Config, calibration: float) -> None:
    """15 of 19 others are drawn, a = 15/19: the positive's power is a · (t (1 - 1/a) + 1/a)."""
    gbce = changed(changed(config, "training.loss", "gbce"), "training.gbce_calibration", str(calibration))
    made = make(changed(gbce, "model.memory", "null"), dataset)
    (loss,) = made.loss.losses(made.scorer)
    ((positive, negatives),) = made.loss.shared(made.scorer)
    power = 15 / 19 * (calibration * (1 - 19 / 15) + 19 / 15)
    expected = [
        power * math.log1p(math.exp(-own)) + sum(math.log1p(math.exp(other)) for other in others)
        for own, others in zip(positive.numpy().astype(float), negatives.numpy().astype(float), strict=True)
    ]
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-4, atol=1e-5)


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
        (["evaluation.ks=[10, 0]"], "greater than or equal to 1"),
        (["evaluation.ks=[10, 5, 10]"], "10 stands twice"),
        (["evaluation.baselines=[ease, ease]"], "'ease' stands twice"),
        (["export.variants=[int8, int8]"], "'int8' stands twice"),
        (["model.request_time=true", "training.augmentation.repeat=0.5"], "sets time back"),
    ],
)
def test_settings_that_cannot_work_together_are_refused(config: Config, overrides: list[str], reason: str) -> None:
    from recsys.core.errors import ConfigError

    values = config.to_json()
    for override in overrides:
        apply_override(values, override)
    with pytest.raises(ConfigError, match=reason):
        parse_config(values)
