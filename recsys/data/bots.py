"""Users too fast to be people."""

import numpy as np
import numpy.typing as npt

from recsys.config.prepare import BotRule


def find_bots(
    offsets: npt.NDArray[np.int64], timestamps: npt.NDArray[np.int64], rule: BotRule
) -> npt.NDArray[np.bool_]:
    """Which users did more than ``rule.events`` events within some ``rule.seconds``: ``[users] bool``."""
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    ahead = rule.events
    fast = (owners[ahead:] == owners[:-ahead]) & (timestamps[ahead:] - timestamps[:-ahead] <= 1000 * rule.seconds)
    bots = np.zeros(len(offsets) - 1, np.bool_)
    bots[owners[ahead:][fast]] = True
    return bots
