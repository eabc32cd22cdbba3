"""Training with items' features: what is a negative, what is learned of items that no event trains, and warm starts."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.config.model import ModelConfig
from recsys.config.training import NegativesConfig
from recsys.core.events.codes import FIRST, EventCodes
from recsys.features.encoded import EncodedFeature
from recsys.models.items import FeaturedItems
from recsys.sequences.sequences import Sequences
from recsys.training.assembly import assemble, make_reproducible
from recsys.training.batches.batches import Batches
from recsys.training.batches.negatives import NegativeSampler
from recsys.training.fit import Fit
from tests.training.conftest import ITEMS, changed

COLD = 5  # items after the ring's that nobody has touched
ROWS = 1 + ITEMS + COLD


def features() -> list[EncodedFeature]:
    """Item i is of the kind i % 4 + 1; the last of the cold ones is of a kind that no other has."""
    codes = np.arange(1, ROWS, dtype=np.int32)[:, None] % 4 + 1
    codes[-1] = 5
    vectors = np.random.default_rng(1).normal(size=(ROWS - 1, 3)).astype(np.float32)
    return [EncodedFeature("kind", 5, codes).inside(ROWS), EncodedFeature("image", 0, vectors).inside(ROWS)]


def made(config: Config, sequences: Sequences) -> tuple[FeaturedItems, Batches, Fit]:
    make_reproducible(config.training)
    ends = sequences.bounds("train")[1]
    model, batches = assemble(config.model, config.training, sequences, ends, ITEMS + COLD, ROWS, features())
    assert isinstance(model.items, FeaturedItems)
    return model.items, batches, Fit(model, batches, config.training, [])


@pytest.mark.parametrize("loss", ["sampled_softmax", "softmax", "gbce"])
def test_items_without_events_are_learned_by_their_features_and_are_no_negatives(
    dataset: Dataset, config: Config, loss: str
) -> None:
    recipe = changed(config, loss=loss, negatives=NegativesConfig(uniform=100, correct=loss == "sampled_softmax"))
    items, batches, fit = made(recipe, dataset.sequences)
    before, table = items.vectors(), items.features[0].learned.numpy()
    drawn = np.concatenate([batch["negatives"] for batch in batches.epoch(1)])
    assert set(drawn) == set(range(1, ITEMS + 1))
    for _ in fit.steps(1):
        pass
    moved = np.abs(items.vectors() - before).max(1)
    assert (moved[1:] > 1e-4).all()  # the last one by its image alone
    assert not items.own_vectors()[ITEMS + 1 :].any()
    learned = np.abs(items.features[0].learned.numpy() - table).max(1)
    assert (learned[1:5] > 1e-4).all()
    assert learned[5] == 0, "what only items without events have is pushed nowhere"


@pytest.mark.long
def test_a_step_knows_a_share_of_the_items_by_their_features_alone(dataset: Dataset, config: Config) -> None:
    """The share that is left out is the share of own vectors that a step does not move."""
    kept = {}
    for share in (0.0, 0.5):
        model = config.model.model_copy(update={"id_dropout": share, "memory": None})
        moved = []
        for seed in range(3):
            items, _, fit = made(changed(config, seed=seed).model_copy(update={"model": model}), dataset.sequences)
            before = items.own_vectors()
            next(fit.steps(1))
            moved.append(np.abs(items.own_vectors() - before).max(1)[1 : ITEMS + 1] > 0)
        kept[share] = np.mean(moved)
    assert kept[0.0] == 1
    assert 0.25 < kept[0.5] < 0.75  # of 60: 4 standard deviations are .26


def test_event_types_are_learned_beside_features(dataset: Dataset, config: Config) -> None:
    """A step that leaves own vectors out learns of all the rest as one that does not."""
    types = np.arange(len(dataset.sequences.items), dtype=np.int32) % 2 + FIRST
    sequences = replace(dataset.sequences, types=types, codes=EventCodes(("buy", "view")))
    model = config.model.model_copy(update={"id_dropout": 0.5, "event_types": True})
    _, _, fit = made(config.model_copy(update={"model": model}), sequences)
    for _ in fit.steps(1):
        pass
    category = fit.model.events.categories["types"]
    for learned in (category.gate.numpy(), category.vector.numpy()):
        assert (np.abs(learned[[FIRST, FIRST + 1]]).max(1) > 1e-5).all()
        assert not learned[FIRST + 2 :].any(), "types that nobody has"


def test_a_training_can_be_repeated(dataset: Dataset, config: Config) -> None:
    losses = [[float(loss) for loss in made(config, dataset.sequences)[2].steps(1)] for _ in range(2)]
    assert losses[0] == losses[1]


def test_negatives_are_drawn_of_what_trains() -> None:
    counts = np.array([50, 0, 15, 0])
    sampler = NegativeSampler(NegativesConfig(uniform=3, popularity=2), counts, trained_only=True)
    negatives, log_expected = sampler.draw(np.random.default_rng(0), np.array([1], np.int32))
    assert sorted(set(negatives.tolist())) == [1, 3]
    # Both are drawn once uniformly, and twice by popularity with the probabilities 51 / 67 and 16 / 67.
    expected = {1: 1 + 2 * 51 / 67, 3: 1 + 2 * 16 / 67}
    np.testing.assert_allclose(np.exp(log_expected), [expected[item] for item in negatives.tolist()], rtol=1e-6)


def test_without_features_nothing_of_them_is_there(dataset: Dataset, config: Config) -> None:
    def first(model: ModelConfig) -> tuple[list[str], float]:
        make_reproducible(config.training)
        sequences = dataset.sequences
        ends = sequences.bounds("train")[1]
        network, batches = assemble(model, config.training, sequences, ends, ITEMS, ITEMS + 1)
        names = [variable.name for variable in network.variables]
        return names, float(next(Fit(network, batches, config.training, []).steps(1)))

    names, loss = first(config.model)
    assert not [name for name in names if "feature" in name or "trained_items" in name]
    assert first(config.model.model_copy(update={"id_dropout": 0.9})) == (names, loss)
