"""Which stretches of the users' histories an epoch trains on."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.sequences.windows import cut_windows


class Examples(NamedTuple):
    """``n`` stretches of at most ``length + 1`` events; all but the last event of each are read.

    Attributes:
        users: ``[n] int64``.
        starts, ends: ``[n] int64``, flat bounds.
    """

    users: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def cut_examples(
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    length: int,
    events: Literal["newest", "all"],
    targets: npt.NDArray[np.bool_] | None = None,
) -> Examples:
    """One stretch a user with at least two events, or as many as it takes to predict every event once.

    Args:
        starts, ends: ``[users] int64``, flat bounds of each user's events that train.
        length: events that the model reads.
        targets: ``[events] bool``, which may be predicted, None where all; a stretch that leads to none is left out.
    """
    # The last event of a window is the first read of the next.
    users, begin, end = cut_windows(ends - starts, length=length + 1, stride=length)
    kept = end - begin >= 2  # one event leads to nothing
    if events == "newest":
        kept &= end == (ends - starts)[users]
    users, first, last = users[kept], (starts[users] + begin)[kept], (starts[users] + end)[kept]
    if targets is None:
        return Examples(users, first, last)
    before = np.concatenate([[0], np.cumsum(targets)])
    leads = before[last] > before[first + 1]  # the first event of a stretch is only read
    return Examples(users[leads], first[leads], last[leads])
