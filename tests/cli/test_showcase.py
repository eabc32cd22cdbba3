"""Who is shown, with which candidates: real ones, as a server without a model would send them."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.cli import showcase
from recsys.cli.showcase import rank_for_someone, showcase_table
from recsys.core.events import CleaningPolicy
from recsys.core.vocabulary import Vocabulary
from recsys.sequences.sequences import Sequences


class Backwards:
    """A reranker that turns its candidates round, and remembers what it was asked."""

    asked: tuple[list[Any], list[str], int]

    def __init__(self, bundle: Path) -> None:
        pass

    def rerank(self, history: list[Any], candidates: list[str], now: int) -> list[SimpleNamespace]:
        Backwards.asked = (history, candidates, now)
        return [SimpleNamespace(item=item) for item in reversed(candidates)]


def dataset(histories: list[list[int]], **columns: list[str]) -> Any:
    """Items a…f, a the most popular; each history's last item is its test item."""
    lengths = np.array([len(history) for history in histories])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = np.concatenate(histories).astype(np.int32)
    users = np.array([f"u{n}" for n in range(len(histories))], dtype=object)
    sequences = Sequences(users, offsets, items, np.arange(len(items)), lengths - 2, lengths - 1)
    names = list("abcdef")
    table = pd.DataFrame({"item_id": range(1, 7), "external_id": names, "count": [60, 50, 40, 30, 20, 10], **columns})
    made = SimpleNamespace(items=table, sequences=sequences, vocabulary=Vocabulary(names), policy=CleaningPolicy())
    made.client_events = partial(Dataset.client_events, made)
    return made


@pytest.fixture(autouse=True)
def three_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showcase, "CANDIDATES", 3)
    monkeypatch.setattr("serving.reranker.Reranker", Backwards)


def test_a_typical_user_among_those_whose_next_item_was_sent(tmp_path: Path) -> None:
    # u0 has seen b and c: a, d, e are sent, f came next. It does not count.
    # u1 has seen a and b: c, d, e are sent, d came next: from place 2 to place 2.
    # u2 has seen a and b, and e came next: from place 3 to place 1. u3: c, from place 1 to place 3.
    shown = rank_for_someone(dataset([[2, 3, 6], [1, 2, 4], [1, 2, 5], [1, 2, 3]], title=list("ABCDEF")), tmp_path)
    assert (shown.users, shown.before, shown.after) == (3, 2.0, 2.0)
    ranking = shown.ranking  # the moves are 0, 2 and -2: the median is u1's
    assert (ranking.user, ranking.followed, ranking.moved) == ("u1", "d", (2, 2))
    assert ranking.history == ["a", "b"]
    assert ranking.candidates == ["c", "d", "e"]
    assert ranking.order == ["e", "d", "c"]
    assert shown.titles["d"] == "D"
    table = showcase_table(shown)
    assert str(table.title) == "User u1 went through … A → B"
    assert "D, from place 2 to place 2. On average over 3 users: from place 2.0 to place 2.0" in str(table.caption)


def test_the_history_is_asked_with_its_times_and_arrival(tmp_path: Path) -> None:
    rank_for_someone(dataset([[1, 2, 4]]), tmp_path)
    assert [(event.item, event.timestamp, event.event_id) for event in Backwards.asked[0]] == [("a", 0, 0), ("b", 1, 1)]
    assert Backwards.asked[2] == 2, "the request is made when the test item came"


def test_nobody_whose_next_item_was_sent(tmp_path: Path) -> None:
    shown = rank_for_someone(dataset([[2, 3, 6]]), tmp_path)
    assert shown.ranking.followed is None
    assert shown.ranking.order == ["e", "d", "a"]
    assert "was not among" in str(showcase_table(shown).caption)


def test_a_next_item_that_was_seen_before_is_sent_all_the_same(tmp_path: Path) -> None:
    ranking = rank_for_someone(dataset([[1, 2, 1]]), tmp_path).ranking
    assert ranking.candidates == ["a", "c", "d"]
    assert (ranking.followed, ranking.moved) == ("a", (1, 3))


def test_items_outside_the_vocabulary_are_left_out(tmp_path: Path) -> None:
    shown = rank_for_someone(dataset([[1, 7, 2, 3], [2, 3, 7]]), tmp_path)
    assert shown.users == 1
    assert shown.ranking.history == ["a", "b"]
