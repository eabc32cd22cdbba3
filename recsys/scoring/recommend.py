"""The best items for every user of a shard, a block of them at a time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.errors import RecsysError
from recsys.evaluation.ranking import seen_cells, top_items
from recsys.scoring.item_index import ItemIndex
from recsys.scoring.queries import Queries
from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences

if TYPE_CHECKING:  # TensorFlow, for whoever has a model already
    from recsys.scoring.query_encoder import QueryEncoder

ENCODED = 512  # histories that go through the model at once
CELLS = 1 << 22  # scores held at once: what a processor's cache can hold is ranked faster
ALL, NOTHING = -2, -1  # the values of users who see everything, and nothing
FEWEST = 32  # histories whose scores are held at once, however many items there are


class Pairs(NamedTuple):
    """Items that are not for everybody: the user at ``users [n]`` must not see the item ``items [n]``, by its id."""

    users: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]


class Allowed(NamedTuple):
    """Items that users see by a value that they share.

    Attributes:
        values: ``[users]``, each user's value; ``ALL`` who sees everything, ``NOTHING`` who sees nothing.
        mask: ``[values, m] bool``, which items of an index have each value.
    """

    values: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]

    def hide(self, scores: npt.NDArray[np.float32], users: npt.NDArray[np.int64]) -> None:
        """Take what ``users [n]`` must not see out of their ``scores [n, m]``, in place."""
        values = self.values[users]
        for value in np.unique(values[values != ALL]):
            rows = np.flatnonzero(values == value)
            hidden = slice(None) if value < 0 else np.flatnonzero(~self.mask[value])
            scores[rows[:, None], hidden] = -np.inf


class TopItems(NamedTuple):
    """``(ids [n, k] int32, scores [n, k] float32)``, best first; rows with fewer items end in a score of −inf."""

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def recommend(
    encoder: "QueryEncoder",
    index: ItemIndex,
    sequences: Sequences,
    k: int,
    *,
    filter_seen: bool,
    now: int,
    excluded: Pairs | None = None,
    allowed: Allowed | None = None,
) -> TopItems:
    """The ``k`` best items of ``index`` for each user, after all that the user did.

    Args:
        filter_seen: leave out what a user has touched.
        now: when they may want it, in milliseconds since 1970; read where times are.
        excluded, allowed: what else to leave out.

    Raises:
        RecsysError: a score is not a number.
    """
    k = min(k, len(index.shown))
    ranked = TopItems(np.empty((len(sequences), k), np.int32), np.empty((len(sequences), k), np.float32))
    left_out = LeftOut.of(index, sequences, filter_seen, excluded, allowed)
    for users, length in batches(np.diff(sequences.offsets), encoder.shortest, encoder.longest):
        ends = sequences.offsets[users + 1]
        queries = encoder(sequences.histories(users, ends, encoder.spec(length), np.full(len(users), now)))
        if np.isnan(queries.vectors).any():
            raise RecsysError(f"score: a score of user {sequences.users[users[0]]}'s batch is not a number")
        ranked.ids[users], ranked.scores[users] = rank_queries(index, queries, k, left_out, users)
    return ranked


def batches(lengths: npt.NDArray[np.int64], shortest: int, longest: int) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Users of about equally long histories together, at most ``ENCODED``, and the events that their longest has.

    Args:
        lengths: ``[n]``, of histories.
        shortest, longest: what the events are bounded by.
    """
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), ENCODED):
        users = order[first : first + ENCODED]
        yield users, int(np.clip(lengths[users[-1]], shortest, longest))


class LeftOut:
    """What is left out of each user's ranking: cells of users and columns, and what their values do not let them see.

    Args:
        users, columns: ``[n]``, sorted by user.
        count: of users.
    """

    def __init__(
        self,
        users: npt.NDArray[np.int64],
        columns: npt.NDArray[np.int32],
        count: int,
        allowed: Allowed | None = None,
    ) -> None:
        self.columns, self.allowed = columns, allowed
        self.edges = np.searchsorted(users, np.arange(count + 1))

    @classmethod
    def of(
        cls,
        index: ItemIndex,
        sequences: Sequences,
        filter_seen: bool,
        excluded: Pairs | None = None,
        allowed: Allowed | None = None,
    ) -> "LeftOut":
        """What the pairs name and, with ``filter_seen``, what users have touched, of the index."""
        users, items = np.zeros(0, np.int64), np.zeros(0, np.int32)
        if filter_seen:
            users, items = seen_cells(sequences, np.arange(len(sequences)), sequences.offsets[1:])
        if excluded is not None:
            users, items = np.concatenate([users, excluded.users]), np.concatenate([items, excluded.items])
            order = np.argsort(users, kind="stable")
            users, items = users[order], items[order]
        columns = index.columns[items]
        shown = columns >= 0
        return cls(users[shown], columns[shown], len(sequences), allowed)

    def hide(self, scores: npt.NDArray[np.float32], users: npt.NDArray[np.int64]) -> None:
        """Take it out of the ``scores [n, m]`` of ``users [n]``, in place."""
        rows, flat = flat_ranges(self.edges[users], self.edges[users + 1])
        scores[rows, self.columns[flat]] = -np.inf
        if self.allowed is not None:
            self.allowed.hide(scores, users)


def rank_queries(
    index: ItemIndex, queries: Queries, k: int, left_out: LeftOut, users: npt.NDArray[np.int64]
) -> TopItems:
    """The ``k`` best items after the query of each of ``users [n]``, a block of them at a time."""
    step = max(FEWEST, CELLS // max(len(index.shown), 1))
    parts = []
    for first in range(0, len(users), step):
        some = slice(first, first + step)
        scores = index.scores(queries.rows(some))
        left_out.hide(scores, users[some])
        parts.append(top_items(scores, k))
    columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return TopItems(index.shown[columns], values)
