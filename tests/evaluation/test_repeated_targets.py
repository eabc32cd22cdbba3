"""Whether a run is told that its targets are easy to guess."""

import numpy as np
import pytest

from recsys.config.evaluation import EvaluationConfig
from recsys.evaluation.evaluate import EvaluationData
from recsys.evaluation.repeated_targets import describe_repeated
from recsys.sequences.sequences import Sequences


def made_of(histories: list[list[int]]) -> EvaluationData:
    """Each user's last event tests, the one before validates."""
    lengths = np.array([len(one) for one in histories])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = np.concatenate(histories).astype(np.int32)
    users = np.array([f"u{number}" for number in range(len(histories))], object)
    sequences = Sequences(users, offsets, items, np.arange(len(items)), lengths - 2, lengths - 1)
    return EvaluationData(sequences, 9, np.ones(10, np.int64))


def test_targets_that_were_met_before_are_counted() -> None:
    data = made_of([[1, 2, 1, 5], [3, 4, 5, 6], [1, 2, 2, 7], [6, 7, 8, 6]])
    told = describe_repeated(data, "validation", EvaluationConfig())
    assert told is not None
    assert told.startswith("50% of the validation targets are items that their users had met before")
    assert (describe_repeated(data, "test", EvaluationConfig()) or "").startswith("25% of the test targets")
    assert describe_repeated(data, "validation", EvaluationConfig(filter_seen=False)) is None


@pytest.mark.parametrize(("repeated", "is_told"), [(4, False), (5, True)])
def test_a_few_are_no_news(repeated: int, is_told: bool) -> None:
    data = made_of([[1, 2, 1, 5]] * repeated + [[1, 2, 3, 5]] * (100 - repeated))
    assert (describe_repeated(data, "validation", EvaluationConfig()) is not None) == is_told
