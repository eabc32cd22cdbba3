"""Baselines against counts made one by one."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from recsys.data.sequences import Sequences
from recsys.evaluation.baselines import TrainingEvents, markov, popularity, window_markov

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
