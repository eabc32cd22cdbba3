"""The transition memory as it would be without the user who is being trained on.

The table was counted on the very transitions that training predicts. Left in, each target's own transition would
tell the answer, and the memory would be trusted too much.
"""

import numpy as np
import numpy.typing as npt

from recsys.sequences.pairs import pair_weights, sum_by_key
from recsys.sequences.transitions import Transitions


def _look_up(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.floating], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The value at each wanted key, 0 where there is none; ``keys`` are distinct and in order."""
    if not len(keys):
        return np.zeros(wanted.shape)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0.0)


class OthersTransitions:
    """Looks transitions up with a user's own contribution taken away.

    Args:
        normalization: the power of a total that counts are divided by.
        targets: ``[events] bool``, those that the transitions were counted to; None is all.
    """

    def __init__(
        self,
        transitions: Transitions,
        normalization: float = 1.0,
        targets: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.normalization, self.targets = normalization, targets
        self.table_size = len(transitions.totals)
        self.window, self.decay = transitions.window, transitions.decay
        self.transitions, self.totals = transitions, transitions.totals

    def look_up(
        self,
        items: npt.NDArray[np.int32],
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        user: npt.NDArray[np.int64],
        source: npt.NDArray[np.int32],
        target: npt.NDArray[np.int32],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Counts from ``source`` items to one ``target`` each, and the sources' totals, without the user's own.

        Args:
            items: flat sequences; user ``u`` of this batch owns ``items[starts[u]:ends[u]]``, all that was counted.
            user: ``[n] int64``, whose event it is.
            source: ``[n, k] int32``; target: ``[n] int32``.

        Returns:
            ``(counts [n, k], totals [n, k])``, both float32; what counts are divided by, of totals that are at least
            a hundredth.
        """
        before, after, weight = pair_weights(starts, ends, self.window, self.decay, self.targets)
        owner = np.searchsorted(starts, before, side="right") - 1 if len(starts) else before
        from_key = owner * self.table_size + items[before]
        pairs = sum_by_key(from_key * self.table_size + items[after], weight)
        rows = sum_by_key(from_key, weight)
        asked = user[:, None] * self.table_size + source
        counts = self._counts(source, target)
        own = _look_up(*pairs, asked * self.table_size + target[:, None])
        totals = self.totals[source] - _look_up(*rows, asked)
        # A count that was not kept is 0 already; rounding must not take it below.
        return np.maximum(counts - own, 0.0).astype(np.float32), (
            np.maximum(totals, 0.01) ** self.normalization
        ).astype(np.float32)

    def _counts(self, source: npt.NDArray[np.int32], target: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """All users' counts from ``source [n, k]`` to one of ``target [n]`` each, 0 of what was not kept."""
        found = self.transitions.neighbours[source] == target[:, None, None]
        place = found.argmax(-1)
        counts: npt.NDArray[np.float32] = self.transitions.weights[source, place]
        return np.where(np.take_along_axis(found, place[..., None], -1)[..., 0], counts, np.float32(0))
