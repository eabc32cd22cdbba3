"""Which of a user's events train, which validate and which test.

Every split gives ``(train_end, validation_end)``, both ``[users] int64`` and counted from the user's first event:
events ``[0, train_end)`` train, ``[train_end, validation_end)`` validate, the rest tests. What is predicted of a part
are the events of types that are targets; the others of it are only read.
"""

import numpy as np
import numpy.typing as npt

from recsys.config.prepare import PrepareConfig, milliseconds

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ENOUGH = 3  # sessions: one each to train, to validate and to test


def split_bounds(offsets: Ints, timestamps: Ints, targets: Flags, config: PrepareConfig) -> tuple[Ints, Ints]:
    """Split users' ordered events as the config says.

    Args:
        offsets: ``[users + 1] int64``; user ``i`` owns ``timestamps[offsets[i]:offsets[i + 1]]``.
        targets: ``[events] bool``, which events may be predicted.
    """
    if config.split == "temporal":
        return temporal(offsets, timestamps, milliseconds(config.validation_from), milliseconds(config.test_from))
    if config.split == "last_session":
        return last_session(offsets, timestamps, 60_000 * config.session_gap_minutes)
    return leave_one_out(offsets, targets)


def leave_one_out(offsets: Ints, targets: Flags) -> tuple[Ints, Ints]:
    """The last target tests, the one before it validates; users with no event before those two train only.

    >>> train_end, validation_end = leave_one_out(np.array([0, 5, 7]), np.ones(7, bool))  # of five and of two events
    >>> train_end.tolist(), validation_end.tolist()
    ([3, 2], [4, 2])
    >>> context = np.array([True, True, False, True, False])  # the parts that test and validate end with context
    >>> [bound.tolist() for bound in leave_one_out(np.array([0, 5]), context)]
    [[1], [3]]
    """
    lengths = np.diff(offsets)
    found = np.flatnonzero(targets)
    ends = np.concatenate([[0], np.cumsum(targets)])[offsets[1:]]  # behind each user's last target in ``found``
    before = np.concatenate([[-1, -1], found])  # so that ends + 1 and ends are the last two
    last, second = before[ends + 1] - offsets[:-1], before[ends] - offsets[:-1]
    enough = second > 0
    return np.where(enough, second, lengths), np.where(enough, last, lengths)


def temporal(offsets: Ints, timestamps: Ints, validation_from: int, test_from: int) -> tuple[Ints, Ints]:
    """Everything before ``validation_from`` trains, before ``test_from`` validates (milliseconds).

    >>> train_end, validation_end = temporal(np.array([0, 4]), np.array([1, 2, 3, 4]), 2, 4)
    >>> train_end.tolist(), validation_end.tolist()
    ([1], [3])
    """
    return _count_before(offsets, timestamps < validation_from), _count_before(offsets, timestamps < test_from)


def last_session(offsets: Ints, timestamps: Ints, gap: float) -> tuple[Ints, Ints]:
    """The last session tests, the one before it validates; users with fewer than 3 sessions train only."""
    starts = session_starts(offsets, timestamps, gap)
    session = np.cumsum(starts)  # counts through all users
    ends = offsets[1:] - 1
    last = np.where(np.diff(offsets) > 0, session[ends] if len(session) else 0, 0)
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    back = last[owners] - session  # sessions of the user after this one
    enough = _count_before(offsets, starts) >= ENOUGH
    lengths = np.diff(offsets)
    return (
        np.where(enough, _count_before(offsets, back >= 2), lengths),
        np.where(enough, _count_before(offsets, back >= 1), lengths),
    )


def session_starts(offsets: Ints, timestamps: Ints, gap: float) -> npt.NDArray[np.bool_]:
    """Which events begin a session, ``[events] bool``: a user's first, and each more than ``gap`` ms after another.

    >>> session_starts(np.array([0, 3, 4]), np.array([0, 10, 500, 510]), gap=100).tolist()
    [True, False, True, True]
    """
    starts = np.ones(len(timestamps), np.bool_)
    starts[1:] = np.diff(timestamps) > gap
    starts[offsets[:-1][np.diff(offsets) > 0]] = True
    return starts


def split_parts(offsets: Ints, train_end: Ints, validation_end: Ints) -> npt.NDArray[np.int8]:
    """The part of each event, ``[events] int8``: 0 trains, 1 validates, 2 tests."""
    lengths = np.diff(offsets)
    place = np.arange(lengths.sum()) - np.repeat(offsets[:-1], lengths)
    after_train = place >= np.repeat(train_end, lengths)
    after_validation = place >= np.repeat(validation_end, lengths)
    return after_train.astype(np.int8) + after_validation


def part_bounds(offsets: Ints, parts: npt.NDArray[np.int8]) -> tuple[Ints, Ints]:
    """The bounds of users some of whose events have gone, from what is left of ``split_parts``."""
    return _count_before(offsets, parts < 1), _count_before(offsets, parts < 2)


def _count_before(offsets: Ints, flags: npt.NDArray[np.bool_]) -> Ints:
    """How many of each user's events are flagged."""
    before = np.concatenate([[0], np.cumsum(flags)])
    return np.diff(before[offsets])
