"""Every user's sequence in one flat array: what training and evaluation read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.errors import ConfigError
from recsys.core.events.codes import FIRST, UNKNOWN, EventCodes
from recsys.core.history import NO_CODES, History, pad_histories
from recsys.sequences.ranges import flat_ranges


@dataclass(frozen=True)
class Sequences:
    """``n`` users' ordered events, end to end.

    Attributes:
        users: ``[n] object``, external user ids.
        offsets: ``[n + 1] int64``; user ``i`` owns ``items[offsets[i]:offsets[i + 1]]``.
        items: ``[events] int32`` internal ids, oldest first.
        timestamps: ``[events] int64`` milliseconds.
        train_end: ``[n] int64``, events of the user that train.
        validation_end: ``[n] int64``; ``[train_end, validation_end)`` validate, the rest tests.
        weights: ``[events] float32``, how much each event counts as a target, 0 for context; None where all alike.
        types: ``[events] int32``, codes of event types; None where the config gives none.
        values: ``[events] float32``, NaN where one is missing; None where the config gives no column of them.
        seen: ``[events] bool``, whether each event's item stays out of its user's later rankings; None where all do.
        codes: what stands for types and values.
    """

    users: npt.NDArray[np.object_]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    timestamps: npt.NDArray[np.int64]
    train_end: npt.NDArray[np.int64]
    validation_end: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32] | None = None
    types: npt.NDArray[np.int32] | None = None
    values: npt.NDArray[np.float32] | None = None
    seen: npt.NDArray[np.bool_] | None = None
    codes: EventCodes = NO_CODES

    def __len__(self) -> int:
        return len(self.users)

    def events(self, like: History) -> History:
        """What a model reads of the events, flat: the channels that ``like`` has.

        Raises:
            ConfigError: the model reads a channel that these events do not have.
        """
        known = History(self.items, self.timestamps, () if self.types is None else self.types, self._buckets)
        missing = [name for name in like.inputs() if name not in known.inputs()]
        if missing:
            raise ConfigError(
                f"the model reads {' and '.join(missing)} of events, and the dataset has none; prepare it with "
                "data.event_types and data.columns.value, or set model.event_types and model.event_values to false"
            )
        return known.like(like)

    @cached_property
    def _buckets(self) -> Any:
        return () if self.values is None else self.codes.of_values(self.values)

    @cached_property
    def target_mask(self) -> npt.NDArray[np.bool_] | None:
        """Which events may be predicted, ``[events] bool``; None where all may."""
        mask = None if self.weights is None else self.weights > 0
        return None if mask is None or mask.all() else mask

    @cached_property
    def target_types(self) -> tuple[str, ...]:
        """The types of events that are predicted, of those that occur."""
        if self.types is None:
            return ()
        codes = np.unique(self.types if self.target_mask is None else self.types[self.target_mask])
        return tuple(self.codes.types[code - FIRST] for code in codes if code >= FIRST)

    def types_and_values(self, start: int, end: int) -> tuple[Iterable[str], Iterable[float | None]]:
        """Of events ``[start, end)``, as a client holds them: "" and None where there is nothing."""
        types, values = [""] * (end - start), [None] * (end - start)
        if self.types is not None:
            types = [self.codes.types[code - FIRST] if code >= FIRST else "" for code in self.types[start:end]]
        if self.values is None:
            return types, values
        # The shortest number that is this float32.
        return types, [None if np.isnan(value) else float(str(value)) for value in self.values[start:end]]

    def recoded(self, codes: EventCodes) -> "Sequences":
        """The same events as a model reads them that was trained on events of other codes."""
        if codes == self.codes:
            return self
        types = None
        if self.types is not None:
            theirs = np.concatenate([[0, UNKNOWN], codes.of_types(self.codes.types)]).astype(np.int32)
            types = theirs[self.types]
        return replace(self, types=types, codes=codes)

    def bounds(self, split: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Each user's ``[start, end)`` in the flat arrays for ``train``, ``validation`` or ``test``."""
        starts = self.offsets[:-1]
        edges = {
            "train": (starts, starts + self.train_end),
            "validation": (starts + self.train_end, starts + self.validation_end),
            "test": (starts + self.validation_end, self.offsets[1:]),
        }
        return edges[split]

    def targets(self, split: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Every event to be predicted in ``split``: ``(user [m], flat position [m])``, both int64.

        A target's history is all that its user did before it, context too.
        """
        users, positions = flat_ranges(*self.bounds(split))
        if self.target_mask is None:
            return users, positions
        predicted = self.target_mask[positions]
        return users[predicted], positions[predicted]

    def histories(
        self,
        users: npt.NDArray[np.int64],
        positions: npt.NDArray[np.int64],
        like: History,
        requests: npt.NDArray[np.int64] | None = None,
    ) -> History:
        """What each user did before the event at its flat position: ``m`` histories, of the shape and channels of
        ``like`` (``[batch, length]``, as ``history_spec`` gives them).

        Args:
            requests: ``[m] int64``, when each is read, in milliseconds since 1970; by default when those events were
                or, where a user has no more of them, when the user's newest was.
        """
        length = int(like.items.shape[1])
        flat = self.events(like)
        if requests is None:
            requests = self.timestamps[np.minimum(positions, self.offsets[users + 1] - 1)]
        return pad_histories(flat, self.offsets[users], positions, length, requests)
