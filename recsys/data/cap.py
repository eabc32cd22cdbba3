"""At most so many events of one user: the newest."""

import numpy as np
import numpy.typing as npt

from recsys.data.history import order_events


def newest_events(
    users: npt.NDArray[np.int32],
    timestamps: npt.NDArray[np.int64],
    event_ids: npt.NDArray[np.int64] | None,
    item_hashes: npt.NDArray[np.uint64],
    cap: int,
) -> npt.NDArray[np.bool_]:
    """Which events are among their user's newest ``cap``: ``[n] bool``.

    The newest of a union are the newest among its parts' newest, so this may be taken block by block, and again.
    """
    kept = np.ones(len(users), np.bool_)
    if not len(users):
        return kept
    long = np.flatnonzero((np.bincount(users) > cap)[users])
    arrival = None if event_ids is None else event_ids[long]
    order = long[order_events(users[long], timestamps[long], arrival, item_hashes[long])]
    owners = users[order]
    after = np.searchsorted(owners, owners, side="right") - np.arange(len(owners))  # this event and those after it
    kept[order] = after <= cap
    return kept
