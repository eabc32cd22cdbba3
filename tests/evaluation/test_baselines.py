"""Baselines against counts made one by one."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from recsys.evaluation.baselines.counting import markov, popularity, recent_popularity, window_markov
from recsys.evaluation.baselines.events import TrainingEvents
from recsys.evaluation.baselines.neighbours import RIDGE, SHRINKAGE, ease, item_knn
from recsys.sequences.sequences import Sequences

HISTORIES = [[1, 2, 3, 4, 1], [2, 3, 1, 4], [3, 3, 4, 2, 1]]
TABLE = 5


@pytest.fixture
def events() -> TrainingEvents:
    offsets = np.cumsum([0, *map(len, HISTORIES)])
    lengths = np.diff(offsets)
    sequences = Sequences(
        users=np.array(["a", "b", "c"], object),
        offsets=offsets,
        items=np.concatenate(HISTORIES).astype(np.int32),
        timestamps=np.arange(offsets[-1]),
        train_end=lengths - 2,
        validation_end=lengths - 1,
    )
    return TrainingEvents(sequences, sequences.bounds("train")[1], TABLE)


def shares(window: int) -> dict[int, dict[int, float]]:
    """Each item's transitions in the training parts, as shares of the item's total."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for history in HISTORIES:
        train = history[:-2]
        for place, item in enumerate(train):
            for step in range(1, window + 1):
                if place + step < len(train):
                    counts[item][train[place + step]] += 1 / step
    return {item: {to: n / sum(row.values()) for to, n in row.items()} for item, row in counts.items()}


def test_popularity_counts_training_events_only(events: TrainingEvents) -> None:
    # Training parts: 1 2 3, 2 3, 3 3 4.
    scores = popularity(events)(np.array([0]), np.array([4]))
    assert scores[0].tolist() == [0, 1, 2, 4, 1]


def test_markov_reads_the_last_item(events: TrainingEvents) -> None:
    # The first user's test item follows 4 (at flat 3), which nothing followed in training; the third's follows 2.
    scores = markov(events)(np.array([0, 2]), np.array([4, 13]))
    for row, last in zip(scores, (4, 2), strict=True):
        expected = [shares(1).get(last, {}).get(item, 0.0) for item in range(TABLE)]
        np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_window_markov_decays_over_the_history(events: TrainingEvents) -> None:
    scores = window_markov(events)(np.array([2]), np.array([13]))
    expected = np.zeros(TABLE)
    for back, item in enumerate([2, 4, 3, 3]):  # newest first
        for to, share in shares(3).get(item, {}).items():
            expected[to] += 0.7**back * share
    np.testing.assert_allclose(scores[0], expected, rtol=1e-6)


def test_recent_popularity_counts_the_newest_tenth(events: TrainingEvents) -> None:
    # Times are flat positions; training is at 0 1 2, 5 6, 9 10 11: the newest tenth is position 11, item 4.
    scores = recent_popularity(events)(np.array([0]), np.array([4]))
    assert scores[0].tolist() == [0, 0, 0, 0, 1]


def test_item_knn_sums_shrunk_cosines_over_the_history(events: TrainingEvents) -> None:
    users = [{1, 2, 3}, {2, 3}, {3, 4}]  # who touched what in training

    def similarity(one: int, other: int) -> float:
        together = sum(one in user and other in user for user in users)
        sizes = [sum(item in user for user in users) for item in (one, other)]
        return together / (np.sqrt(sizes[0] * sizes[1]) + SHRINKAGE)

    scores = item_knn(events)(np.array([1]), np.array([8]))  # history 2 3 1
    for item in range(1, TABLE):
        expected = sum(similarity(seen, item) for seen in (2, 3, 1) if seen != item)
        assert scores[0, item] == pytest.approx(expected, abs=1e-6)


def test_ease_solves_its_ridge_regression(events: TrainingEvents) -> None:
    touched = np.array([[0, 1, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]], float)
    # Column j of the weights minimizes |X w - X[:, j]|² + RIDGE |w|² with w[j] = 0: solved without item j.
    weights = np.zeros((TABLE, TABLE))
    for item in range(TABLE):
        others = [other for other in range(TABLE) if other != item]
        X = touched[:, others]
        weights[others, item] = np.linalg.solve(X.T @ X + RIDGE * np.eye(TABLE - 1), X.T @ touched[:, item])
    scores = ease(events)(np.array([1]), np.array([8]))
    np.testing.assert_allclose(scores[0], weights[[2, 3, 1]].sum(0), atol=1e-6)
