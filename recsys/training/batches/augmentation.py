"""Histories changed anew each epoch: cut, blanked, shuffled, left with one target, repeated."""

import numpy as np
import numpy.typing as npt

from recsys.config.training import AugmentationConfig
from recsys.core.schema import PAD_ID

SHUFFLED = 0.2  # of a reordered history's events, in one stretch


class Augmentation:
    """Draws changes for a batch; with nothing asked for it draws nothing, and changes nothing.

    Args:
        config: how often; crop, mask and reorder as in CL4SRec (Xie et al., 2022), for training itself rather than for
            contrasting two views; repeat as in RepPad (Dang et al., 2024).
    """

    def __init__(self, config: AugmentationConfig) -> None:
        self.config = config

    def crop(
        self, rng: np.random.Generator, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Bounds ``[first, last)`` of each history, some of them cut to a run of at least two events."""
        if not self.config.crop:
            return first, last
        chosen = rng.random(len(first)) < self.config.crop
        lengths = last - first
        kept = np.where(chosen, rng.integers(2, lengths + 1), lengths)
        begin = first + rng.integers(0, lengths - kept + 1)
        return begin, begin + kept

    def prefix(
        self,
        rng: np.random.Generator,
        first: npt.NDArray[np.int64],
        last: npt.NDArray[np.int64],
        wanted: npt.NDArray[np.int64] | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The end of each history, and which of them are prefixes, whose last event alone is a target.

        Args:
            wanted: flat positions of the events that may be a target, rising; None where all may.
        """
        if not self.config.prefix:
            return last, np.zeros(len(last), np.bool_)
        chosen = rng.random(len(first)) < self.config.prefix
        low, high = first + 1, last  # the first event is only read
        if wanted is not None:
            low, high = np.searchsorted(wanted, low), np.searchsorted(wanted, high)
            chosen &= high > low  # a crop may have left context alone
        drawn = rng.integers(low, np.maximum(high, low + 1))
        drawn = drawn if wanted is None else wanted[np.minimum(drawn, len(wanted) - 1)]
        return np.where(chosen, drawn + 1, last), chosen

    def repetitions(
        self,
        rng: np.random.Generator,
        lengths: npt.NDArray[np.int64],
        prefixes: npt.NDArray[np.bool_],
        longest: int,
    ) -> npt.NDArray[np.int64]:
        """How many times each history is read, one after another, within ``longest`` events.

        A prefix is read once: its only target would stand in what is read before it.
        """
        if not self.config.repeat:
            return np.ones_like(lengths)
        chosen = (rng.random(len(lengths)) < self.config.repeat) & ~prefixes
        return np.where(chosen, np.maximum(longest // lengths, 1), 1)

    def order(
        self, rng: np.random.Generator, flat: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Flat positions ``[events]``, history upon history, some with one stretch shuffled.

        Whole events move, what is read and what is predicted alike: shuffling only what is read would show a target
        before its turn. The last event stays where it is.
        """
        if not self.config.reorder:
            return flat
        flat = flat.copy()
        begins = np.cumsum(lengths) - lengths
        for user in np.flatnonzero(rng.random(len(lengths)) < self.config.reorder):
            free = lengths[user] - 1
            size = min(max(2, round(SHUFFLED * free)), free)
            begin = begins[user] + rng.integers(0, free - size + 1)
            rng.shuffle(flat[begin : begin + size])
        return flat

    def blank(self, rng: np.random.Generator, items: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """What is read, ``[events]``: some of it ``PAD_ID``, which embeds as nothing and still holds its place."""
        if not self.config.mask:
            return items
        return np.where(rng.random(len(items)) < self.config.mask, PAD_ID, items).astype(np.int32)
