"""Ranks in the full catalog: ties, seen items, targets that were seen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import DataError, RecsysError
from recsys.evaluation.evaluate import EvaluationData, Evaluator, rank, targets_of
from recsys.evaluation.ranking import rank_targets
from recsys.sequences.sequences import Sequences


def sequences(*histories: list[int]) -> Sequences:
    """Leave-one-out sequences: the last item tests, the one before validates."""
    offsets = np.cumsum([0, *map(len, histories)])
    lengths = np.diff(offsets)
    return Sequences(
        users=np.array([f"u{n}" for n in range(len(histories))], object),
        offsets=offsets,
        items=np.concatenate([np.array(h, np.int32) for h in histories]),
        timestamps=np.arange(offsets[-1]),
        train_end=lengths - 2,
        validation_end=lengths - 1,
    )


def ranks_of(
    scores: list[float],
    history: list[int],
    *,
    filter_seen: bool = False,
    padding: float = 0.0,
    seen: list[bool] | None = None,
) -> float:
    events = replace(sequences(history), seen=None if seen is None else np.array(seen))
    data = EvaluationData(events, len(scores), np.zeros(len(scores) + 1))
    table = np.array([[padding, *scores]], np.float32)
    config = EvaluationConfig(filter_seen=filter_seen)
    return float(rank(lambda u, p: table, data, targets_of(data, "test"), config)[0])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.data())
def test_ties_share_their_mean_rank(values: list[int], data: st.DataObject) -> None:
    target = data.draw(st.integers(0, len(values) - 1))
    better = sum(value > values[target] for value in values)
    equal = sum(value == values[target] for value in values)
    places = range(better + 1, better + equal + 1)  # the places that the tied items fill
    (rank,) = rank_targets(np.array([values], float), np.array([target]))
    assert rank == sum(places) / len(places)


def test_seen_items_leave_the_ranking() -> None:
    # Items 1..4 score 9, 8, 7, 6; the user saw 1 and 2, the target is 4: only 3 is better.
    assert ranks_of([9, 8, 7, 6], [1, 2, 4], filter_seen=True) == 2
    assert ranks_of([9, 8, 7, 6], [1, 2, 4], filter_seen=False) == 4


def test_a_target_that_was_seen_stays() -> None:
    # The target 2 is in the history: item 1 is removed, 2 is not.
    assert ranks_of([9, 8, 7, 6], [2, 1, 2], filter_seen=True) == 1


def test_items_of_events_that_do_not_count_as_seen_stay() -> None:
    # Items 1..4 score 9, 8, 7, 6; the user viewed 1 and bought 2, the target is 4: 1 and 3 are better.
    assert ranks_of([9, 8, 7, 6], [1, 2, 4], filter_seen=True, seen=[False, True, True]) == 3


def test_padding_never_ranks() -> None:
    assert ranks_of([1.0, 1.0, 2.0], [1, 2, 3], padding=99.0) == 1


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(RecsysError, match="not a number"):
        ranks_of([1.0, float("nan"), 2.0, 3.0], [1, 2, 4], filter_seen=True)


def test_a_split_without_a_target_is_told() -> None:
    data = EvaluationData(sequences([1, 2, 5]), 4, np.ones(6))  # 5 is a bucket of unknown items
    with pytest.raises(DataError, match="no user has a test event on an item of training"):
        Evaluator(data, "test", EvaluationConfig(), refit=False)


def test_buckets_of_unknown_items_in_a_history_are_passed_over() -> None:
    # Items 1..4; 5 and 6 are buckets: they take nothing out and are never ranked.
    assert ranks_of([9, 8, 7, 6], [5, 1, 6, 4], filter_seen=True) == 3
