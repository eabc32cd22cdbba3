"""Kinds of targets by hand, and their figures beside baselines."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.core.errors import ArtifactError
from recsys.evaluation.cold_ranks import ColdRanks
from recsys.evaluation.segments import DAY_MS, compare_segments, label, summarize_segments
from recsys.evaluation.significance import bootstrap_interval


def ranks(*places: float, users: list[str] | None = None, **columns: list[Any]) -> pd.DataFrame:
    count = len(places)
    table = {
        "user_id": users or [f"u{number}" for number in range(count)],
        "target": np.arange(1, count + 1),
        "rank": places,
        "history_length": np.zeros(count, int),
        "target_count": np.zeros(count, int),
        "gap_ms": np.zeros(count, int),
        **columns,
    }
    return pd.DataFrame(table)


def test_gaps_by_hand() -> None:
    gaps = [0, 1, DAY_MS - 1, DAY_MS, 7 * DAY_MS - 1, 7 * DAY_MS, 10**15]
    found = label(ranks(*[1.0] * 7, gap_ms=gaps, history_length=np.ones(7, int)))["gap"]
    assert list(found) == ["tie", "same_day", "same_day", "same_week", "same_week", "later", "later"]


def test_a_users_first_event_has_none_before_and_ties_with_none() -> None:
    assert list(label(ranks(1.0, 1.0, gap_ms=[0, 0], history_length=[0, 1]))["gap"]) == ["first", "tie"]


def test_thirds_keep_equal_values_together() -> None:
    table = ranks(*[1.0] * 6, history_length=[1, 2, 3, 4, 5, 6], target_count=[7, 7, 7, 7, 7, 9])
    found = label(table)
    assert list(found["activity"]) == ["short"] * 2 + ["medium"] * 2 + ["long"] * 2
    assert list(found["popularity"]) == ["tail"] * 5 + ["head"]


def test_every_target_is_counted_once_in_each_segmentation() -> None:
    rng = np.random.default_rng(3)
    table = ranks(
        *rng.integers(1, 40, 200).astype(float),
        users=[f"u{number % 30}" for number in range(200)],
        history_length=rng.integers(1, 90, 200),
        target_count=rng.integers(1, 90, 200),
        gap_ms=rng.integers(0, 9 * DAY_MS, 200),
    )
    for segments in summarize_segments(table, (10,)).values():
        assert sum(one["targets"] for one in segments.values()) == 200
        hits = sum(one["targets"] * one["hr@10"] for one in segments.values())
        assert hits == pytest.approx((table["rank"] <= 10).sum())
        assert all(one["users"] <= 30 for one in segments.values())


def test_seeds_are_averaged_and_baselines_stand_beside() -> None:
    """Two long histories of one user, a short one of another; hits by seed: 1 0 1 and 1 1 1."""
    facts = {"users": ["a", "a", "b"], "history_length": [9, 9, 1]}
    seeds = [ranks(1.0, 50.0, 1.0, **facts), ranks(1.0, 1.0, 1.0, **facts)]
    popularity = ranks(50.0, 50.0, 2.0, **facts).drop(columns=["history_length", "target_count", "gap_ms"])
    found = compare_segments(seeds, {"popularity": popularity})["activity"]
    assert list(found) == ["short", "medium"]  # nine is no more than its own third
    medium = found["medium"]
    assert (medium["targets"], medium["users"]) == (2, 1)
    assert medium["model"]["hr@10"]["mean"] == 0.75
    assert medium["baselines"]["popularity"]["hr@10"]["mean"] == 0.0
    assert found["short"]["baselines"]["popularity"]["ndcg@10"]["mean"] == pytest.approx(1 / np.log2(3))


def test_cold_targets_among_cold_items_alone_by_hand() -> None:
    """Items 2, 4 and 5 are cold. Of the targets 4 and 2, the first has 2 above it; the second has 5 out of the ranking
    and ties with 4. Item 1 is warm.
    """
    cold = ColdRanks(np.array([0, 7, 0, 3, 0, 0, 0]), items=5)  # row 6 is an OOV bucket
    assert cold.columns() == {}
    inf = np.inf
    cold(np.array([[-inf, 9, 5, 9, 4, 3], [-inf, 9, 2, 9, 2, -inf]]), np.array([4, 2]))
    cold(np.array([[-inf, 9, 5, 9, 4, 3]]), np.array([1]))
    found = cold.columns()
    np.testing.assert_array_equal(found["cold_rank"], [2.0, 1.5, np.nan])
    np.testing.assert_array_equal(found["cold_items"], [3.0, 2.0, np.nan])


def test_a_random_order_of_cold_items_is_what_all_orders_reach_on_average() -> None:
    """20 and 5 cold items: a target is among the first ten of 20 in half of the orders, of 5 in all."""
    cold = {"cold_rank": [12.0, 2.0, np.nan], "cold_items": [20.0, 5.0, np.nan], "target_count": [0, 0, 4]}
    table = ranks(60.0, 70.0, 1.0, **cold)
    popularity = table[["user_id", "target", "rank"]].assign(cold_rank=[1.0, 11.0, np.nan])
    found = compare_segments([table, table], {"popularity": popularity})["novelty"]
    assert [(name, one["targets"]) for name, one in found.items()] == [("cold", 2), ("warm", 1), ("among_cold", 2)]
    among = found["among_cold"]
    assert found["cold"]["model"]["hr@10"]["mean"] == 0.0
    assert among["model"]["hr@10"]["mean"] == among["baselines"]["popularity"]["hr@10"]["mean"] == 0.5
    assert among["baselines"]["random"]["hr@10"]["mean"] == pytest.approx((10 / 20 + 1) / 2)
    gains = [1 / math.log2(1 + place) for place in range(1, 11)]
    expected = (sum(gains) / 20 + sum(gains[:5]) / 5) / 2
    assert among["baselines"]["random"]["ndcg@10"]["mean"] == pytest.approx(expected)


def test_targets_of_several_types_are_told_apart() -> None:
    """Hits: of the two bought one, of the carted one none."""
    table = ranks(1.0, 50.0, 50.0, target_type=["buy", "cart", "buy"])
    found = compare_segments([table], {"popularity": ranks(50.0, 1.0, 50.0)})["type"]
    assert [(name, one["targets"], one["model"]["hr@10"]["mean"]) for name, one in found.items()] == [
        ("buy", 2, 0.5),
        ("cart", 1, 0.0),
    ]
    assert found["cart"]["baselines"]["popularity"]["hr@10"]["mean"] == 1.0
    assert summarize_segments(table, (10,))["type"]["buy"]["hr@10"] == 0.5
    assert "type" not in label(ranks(1.0))


def test_bounds_are_those_over_users() -> None:
    rng = np.random.default_rng(4)
    users = np.repeat([f"u{number}" for number in range(40)], 10)
    hit = np.repeat(rng.random(40) < 0.5, 10)  # all targets of a user stand or fall together
    table = ranks(*np.where(hit, 1.0, 99.0), users=list(users))
    (found,) = compare_segments([table], {})["gap"].values()
    expected = bootstrap_interval(hit.astype(float), users)
    assert found["model"]["hr@10"] == {"mean": hit.mean(), "low": expected.low, "high": expected.high}
    alone = bootstrap_interval(hit.astype(float))
    assert expected.high - expected.low > 2 * (alone.high - alone.low)


def test_ranks_of_other_targets_are_refused() -> None:
    with pytest.raises(ArtifactError, match="not of the same targets"):
        compare_segments([ranks(1.0, 2.0), ranks(1.0, 2.0, users=["u1", "u0"])], {})
    with pytest.raises(ArtifactError, match="not of the same targets"):
        compare_segments([ranks(1.0, 2.0)], {"markov": ranks(1.0)})
