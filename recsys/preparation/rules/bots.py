"""Users too fast to be people."""

import numpy as np
import numpy.typing as npt

from recsys.config.prepare import BotRule


def find_bots(
    offsets: npt.NDArray[np.int64], timestamps: npt.NDArray[np.int64], rule: BotRule
) -> npt.NDArray[np.bool_]:
    """Which users did more than ``rule.events`` events within some ``rule.seconds``: ``[users] bool``.

    >>> find_bots(np.array([0, 3, 5]), np.array([0, 500, 900, 0, 90_000]), BotRule(events=2, seconds=1)).tolist()
    [True, False]
    """
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    ahead = rule.events
    fast = (owners[ahead:] == owners[:-ahead]) & (timestamps[ahead:] - timestamps[:-ahead] <= 1000 * rule.seconds)
    bots = np.zeros(len(offsets) - 1, np.bool_)
    bots[owners[ahead:][fast]] = True
    return bots


def bot_events(
    offsets: npt.NDArray[np.int64], timestamps: npt.NDArray[np.int64], rule: BotRule, past_until: int | None = None
) -> npt.NDArray[np.bool_]:
    """Which events are to go because their user is a bot: ``[events] bool``.

    Who was a bot before ``past_until`` (milliseconds) goes whole; who became one from then on loses only the events
    from then on, for what trains must not depend on them. None judges each user by everything.
    """
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    bots = find_bots(offsets, timestamps, rule)[owners]
    if past_until is None:
        return bots
    past = timestamps < past_until
    before = np.concatenate([[0], np.cumsum(past)])[offsets]  # a user's past events stand first
    return find_bots(before, timestamps[past], rule)[owners] | (bots & ~past)
