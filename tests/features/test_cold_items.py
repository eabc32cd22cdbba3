"""A log whose transitions depend on a category alone: what nobody has touched is ranked by it."""

import json

import numpy as np
import pandas as pd
import pytest

from recsys.cli import main
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ConfigError
from recsys.evaluation.baselines import BASELINES, TrainingEvents
from recsys.evaluation.baselines.content import _directions
from recsys.evaluation.evaluate import EvaluationData, Targets, targets_of
from recsys.features.encoded import EncodedFeature
from recsys.models.events import history_spec
from recsys.models.items import FeaturedItems, trained_rows
from recsys.models.loading import load_run, load_unfolded
from recsys.training.validation import COLD_SCALES, Validator
from tests.chain_of_categories import CATEGORIES, COLD, WARM, Trained

pytestmark = pytest.mark.long
KIND = WARM + COLD  # items of a category


def test_cold_items_are_ranked_by_their_category(trained: Trained) -> None:
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    cold = ranks[ranks["target_count"] == 0]
    assert len(cold) > 150
    # Whoever knows the chain puts the 16 items of the next category before the other 112; at random 12.5 % are there.
    assert (cold["rank"] <= KIND).mean() > 0.95
    assert (ranks["rank"] <= KIND).mean() > 0.95


def test_warm_and_cold_items_are_ranked_nearly_as_well_as_can_be(trained: Trained) -> None:
    """Whoever knows the chain cannot tell apart what is left of the next category when the user's own items are out."""
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    sequences = trained.dataset.sequences
    users, positions = sequences.targets("test")
    names = np.array(["", *trained.dataset.items["external_id"]])
    gains: dict[str, list[float]] = {"best": [], "found": []}
    for user, position, rank in zip(users, positions, ranks["rank"], strict=True):
        before = set(names[sequences.items[sequences.offsets[user] : position]])
        category = names[sequences.items[position]].split("-")[0]
        left = KIND - sum(name.split("-")[0] == category for name in before - {names[sequences.items[position]]})
        gains["best"].append(sum(1 / np.log2(1 + place) for place in range(1, min(left, 10) + 1)) / left)
        gains["found"].append(1 / np.log2(1 + rank) if rank <= 10 else 0.0)
    best, found = np.array(gains["best"]), np.array(gains["found"])
    cold = ranks["target_count"].to_numpy() == 0
    assert found[~cold].mean() > 0.95 * best[~cold].mean()
    assert found[cold].mean() > 0.9 * best[cold].mean()


@pytest.mark.parametrize(
    ("cold", "cost", "larger"),
    [(True, 0.0, True), (False, 0.0, False), (False, 0.4, True)],
    ids=["sought", "not sought, at no cost", "not sought, at what it takes"],
)
def test_validation_says_how_much_new_items_are_sought(trained: Trained, cold: bool, cost: float, larger: bool) -> None:
    model, data = load_unfolded(trained.run), EvaluationData.of(trained.dataset)
    assert isinstance(model.items, FeaturedItems)
    counts = trained.dataset.item_counts
    model.items.describe(trained.dataset.features, trained_rows(counts))
    before = model.items.vectors()
    every = targets_of(data, "test")
    chosen = (counts[data.sequences.items[every.positions]] == 0) == cold
    targets = Targets("test", every.users[chosen], every.positions[chosen])
    validator = Validator(model, data, targets, EvaluationConfig(), cost)
    scale = validator.cold_scale()
    assert (scale > 1.0) == larger
    if not cold:
        higher = COLD_SCALES[COLD_SCALES.index(scale) + 1]
        least = (1 - cost) * validator._quality(1.0)
        found = {one: validator._quality(one) for one in (1.0, scale, higher)}
        assert found[higher] < least <= found[scale], found
        validator.cold_scale()
    np.testing.assert_allclose(model.items.vectors()[counts > 0], before[counts > 0], atol=1e-6)
    np.testing.assert_allclose(
        model.items.vectors()[1:][counts[1:] == 0], scale * before[1:][counts[1:] == 0], atol=1e-4
    )


def test_cold_targets_are_a_segment_beside_content_and_popularity(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """Content, which the recipe does not name, is measured now."""
    assert main(["evaluate", str(trained.run.path), "--segments", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["segments"]["novelty"]
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    assert set(found) == {"cold", "warm", "among_cold"}
    assert found["cold"]["targets"] + found["warm"]["targets"] == len(ranks)
    assert found["among_cold"]["targets"] == found["cold"]["targets"]
    assert found["cold"]["baselines"]["popularity"]["ndcg@10"]["mean"] == 0, "what nobody has touched comes last"
    # Content looks for more of the same, where the chain goes on to the next category.
    content = pd.read_parquet(trained.run.baseline_files()["content"]).query("split == 'test'")
    assert (content["rank"] > KIND).mean() > 0.9
    among = found["among_cold"]["baselines"]
    assert set(among) == {"random", "content", *found["warm"]["baselines"]}
    # 32 items are cold, less those that a user has seen on the day before.
    cold = ranks[ranks["target_count"] == 0]
    assert set(cold["cold_items"]) == {CATEGORIES * COLD - 1.0, float(CATEGORIES * COLD)}
    assert among["random"]["hr@10"]["mean"] == pytest.approx((10 / cold["cold_items"]).mean())
    # Whoever knows the chain puts the 4 items of the next category first.
    assert (cold["cold_rank"] <= COLD).mean() > 0.95
    assert found["among_cold"]["model"]["hr@10"]["mean"] > 3 * among["random"]["hr@10"]["mean"]
    assert main(["evaluate", str(trained.run.path), "--segments"]) == 0
    table = capsys.readouterr().out
    assert "among_cold" in table
    assert "random" in table


def test_content_needs_features() -> None:
    with pytest.raises(ConfigError, match=r"content compares items by data\.items\.features"):
        BASELINES["content"](TrainingEvents(None, np.zeros(0, np.int64), 3))


def test_content_by_hand() -> None:
    genre = EncodedFeature("genre", 2, np.array([[0, 0], [1, 0], [1, 2], [2, 0]], np.int32))
    image = EncodedFeature("image", 0, np.array([[0, 0], [1, 0], [0, 0], [0, 1]], np.float32))
    rows = _directions((genre, image)).toarray()
    half = 1 / np.sqrt(2)
    # Item 1: genre 1 and an image, alike in weight; item 2 has no image, so both of its genres share all.
    expected = [[0, 0, 0, 0, 0], [0, half, 0, half, 0], [0, half, half, 0, 0], [0, 0, half, 0, half]]
    np.testing.assert_allclose(rows, expected, atol=1e-9)


def test_the_table_that_is_exported_scores_as_the_model_does(trained: Trained) -> None:
    plain, whole = load_run(trained.run), load_unfolded(trained.run)
    sequences = trained.dataset.sequences
    users, positions = sequences.targets("test")
    history = sequences.histories(users[:50], positions[:50], history_spec(whole.config, None))
    np.testing.assert_allclose(plain.score_all(history), whole.score_all(history), atol=1e-5)
    cold = trained.dataset.items["count"].to_numpy() == 0
    assert not whole.trained_items.own_vectors()[1:][cold].any()
