"""Lists by hand: two lists of two items in a catalog of four."""

import numpy as np
import pytest

from recsys.evaluation import lists
from recsys.evaluation.baselines import TrainingEvents
from recsys.evaluation.lists import ListDescriber
from tests.evaluation.test_ranking import sequences

# Users by their items: 1 was touched by all four, 2 by the first two, 3 by the last, 4 by nobody.
USERS = ([1, 1, 2], [1, 2, 2], [1], [1, 3])


def describer(*users: list[int], items: int = 4) -> ListDescriber:
    """Of these users' events, all of which train."""
    split = sequences(*users)
    return ListDescriber(TrainingEvents(split, split.offsets[1:], items + 1), items)


def test_by_hand() -> None:
    top = np.array([[1, 2], [1, 3]], np.int32)
    found = describer(*USERS)(top, np.zeros(top.shape, np.float32))
    assert found["coverage@2"] == 3 / 4
    shares = [6 / 13, 4 / 13, 2 / 13, 1 / 13]  # one event added to each of 5, 3, 1 and 0
    assert found["novelty@2"] == pytest.approx(-np.log2([shares[0], shares[1], shares[0], shares[2]]).mean())
    assert found["popularity@2"] == pytest.approx((5 + 3 + 5 + 1) / 4 / ((25 + 9 + 1) / 9))
    # Two of four users touched both 1 and 2, of two that touched 2; one touched both 1 and 3.
    assert found["diversity@2"] == pytest.approx(1 - (2 / np.sqrt(4 * 2) + 1 / np.sqrt(4 * 1)) / 2)


def test_items_that_nobody_touched_are_like_nothing() -> None:
    top = np.array([[1, 4], [4, 2]], np.int32)
    assert describer(*USERS)(top, np.zeros(top.shape, np.float32))["diversity@2"] == 1.0


def test_three_items_have_three_pairs() -> None:
    top = np.array([[1, 2, 3]], np.int32)
    expected = 1 - (2 / np.sqrt(8) + 1 / np.sqrt(4) + 0) / 3
    assert describer(*USERS)(top, np.zeros(top.shape, np.float32))["diversity@3"] == pytest.approx(expected)


def test_places_that_nothing_fills_do_not_count() -> None:
    describe = describer(*USERS)
    whole = describe(np.array([[1, 2]]), np.zeros((1, 2), np.float32))
    padded = describe(np.array([[1, 2, 0]]), np.array([[0, 0, -np.inf]], np.float32))
    assert list(whole.values()) == list(padded.values())
    assert describe(np.array([[1]]), np.zeros((1, 1), np.float32))["diversity@1"] == 0.0


def test_of_many_lists_the_same_are_looked_at_whatever_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the lists are of twins, half of strangers; three of six are looked at, the same ones for both models."""
    monkeypatch.setattr(lists, "LISTS", 3)
    describe = describer(*[[1, 2]] * 4, [3], items=3)
    twins = np.array([True, False, True, False, True, False])
    found = [
        describe(np.where(alike[:, None], [1, 2], [1, 3]), np.zeros((6, 2), np.float32))["diversity@2"]
        for alike in (twins, ~twins)
    ]
    assert [3 * one for one in found] == pytest.approx([round(3 * one) for one in found]), "of three lists"
    assert sum(found) == pytest.approx(1.0), "where the one has twins the other has strangers"


def test_of_many_events_those_of_some_users_tell_what_is_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """All users are of one kind, so that any of them tell the same; more lists than fit at once keep their order."""
    monkeypatch.setattr(lists, "EVENTS", 10)
    monkeypatch.setattr(lists, "LISTS_AT_ONCE", 2)
    describe = describer(*[[1, 2]] * 50, items=3)
    top = np.array([[1, 2], [1, 3], [2, 3]], np.int32)
    assert describe(top, np.zeros(top.shape, np.float32))["diversity@2"] == pytest.approx((0 + 1 + 1) / 3)
