"""Every user's sequence in one flat array: what training and evaluation read."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.history import History, pad_histories
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
        weights: ``[events] float32``, where the config gives event types; otherwise None.
    """

    users: npt.NDArray[np.object_]
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    timestamps: npt.NDArray[np.int64]
    train_end: npt.NDArray[np.int64]
    validation_end: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.users)

    def events(self, like: History) -> History:
        """What a model reads of the events, flat: the channels that ``like`` has."""
        return History(self.items, self.timestamps).like(like)

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

        A target's history is all that its user did before it.
        """
        return flat_ranges(*self.bounds(split))

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
