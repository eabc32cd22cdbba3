"""At most so many events of one user: the newest."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.order import OrderKeys, order_events


class Cap(NamedTuple):
    """How much of a user is kept.

    Attributes:
        events: the newest so many.
        past_until: milliseconds; the events before it and those from it on are capped apart, so that what trains
            under a temporal split does not depend on what came later. None where there is no such moment.
    """

    events: int
    past_until: int | None = None


def newest_events(keys: OrderKeys, cap: Cap) -> npt.NDArray[np.bool_]:
    """Which events are among their user's newest: ``[n] bool``.

    The newest of a union are the newest among its parts' newest, so this may be taken block by block, and again.
    """
    kept = np.ones(len(keys.users), np.bool_)
    if not len(kept):
        return kept
    if cap.past_until is not None:
        keys = keys._replace(users=2 * keys.users.astype(np.int64) + (keys.timestamps >= cap.past_until))
    long = np.flatnonzero((np.bincount(keys.users) > cap.events)[keys.users])
    order = long[order_events(keys.take(long))]
    owners = keys.users[order]
    after = np.searchsorted(owners, owners, side="right") - np.arange(len(owners))  # this event and those after it
    kept[order] = after <= cap.events
    return kept
