"""A Markov chain over items, and the best ranking that anyone who knew it could reach.

After spotlight's synthetic sequences: data with a known answer shows whether a model learns what there is to learn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class MarkovChain:
    """From each item, one of its ``branching`` successors follows; the k-th drawn has weight ``1 / k``.

    A successor may be drawn twice for an item; its probabilities then add up.

    Attributes:
        successors: ``[items, branching] int32``, items counted from 0.
        popularity: ``[items] float64``, the probability of starting with each; successors were drawn by it, too.
    """

    successors: npt.NDArray[np.int32]
    popularity: npt.NDArray[np.float64]

    @classmethod
    def draw(cls, items: int, branching: int, zipf: float, seed: int) -> "MarkovChain":
        """A chain whose items' popularity falls like ``1 / rank ** zipf`` (0: uniform)."""
        rng = np.random.default_rng([seed, 0])
        popularity = np.arange(1, items + 1, dtype=np.float64) ** -zipf
        popularity = rng.permutation(popularity / popularity.sum())
        successors = _pick(popularity, rng.random((items, branching)))
        return cls(successors, popularity)

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """``[branching] float64``, the probability of each successor by its place; sums to 1."""
        weights: npt.NDArray[np.float64] = 1.0 / np.arange(1, self.successors.shape[1] + 1)
        weights /= weights.sum()
        return weights

    def walk(self, lengths: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int32]:
        """One walk a user, end to end: ``[sum(lengths)] int32``, user by user, oldest first.

        Time costs one vectorised step for each place of the longest walk.
        """
        order = np.argsort(-lengths, kind="stable")
        starts = (np.cumsum(lengths) - lengths)[order]
        # active[t] users are still walking at step t; sorted by length they are the first ones
        active = len(lengths) - np.searchsorted(np.sort(lengths), np.arange(lengths.max(initial=0)), side="right")
        choices = _pick(self.weights, rng.random(int(lengths.sum())))
        walks = np.empty(int(lengths.sum()), np.int32)
        state = _pick(self.popularity, rng.random(len(lengths)))
        used = 0
        for step, walking in enumerate(active.tolist()):
            if step:
                state = self.successors[state[:walking], choices[used : used + walking]]
                used += walking
            walks[starts[:walking] + step] = state[:walking]
        return walks

    def next_probabilities(self, item: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Who may follow ``item``, and how probably: ``([n] int32, [n] float64)``, most probable first."""
        followers, place = np.unique(self.successors[item], return_inverse=True)
        probabilities: npt.NDArray[np.float64] = np.bincount(place, self.weights).astype(np.float64)
        order = np.argsort(-probabilities, kind="stable")
        return followers[order].astype(np.int32), probabilities[order]

    def best_metrics(self, last_items: npt.NDArray[np.int32], k: int) -> dict[str, float]:
        """Expected ``hr@k`` and ``ndcg@k`` of the best ranking for users whose newest item is given.

        No ranking can do better on average over what may follow; nothing that was seen is filtered out.

        Args:
            last_items: ``[users] int32``.
        """
        discounts = 1.0 / np.log2(np.arange(2, k + 2))
        states, counts = np.unique(last_items, return_counts=True)
        hit = gain = 0.0
        for state, count in zip(states.tolist(), counts.tolist(), strict=True):
            best = self.next_probabilities(state)[1][:k]
            hit += count * float(best.sum())
            gain += count * float(best @ discounts[: len(best)])
        return {f"hr@{k}": min(hit / len(last_items), 1.0), f"ndcg@{k}": gain / len(last_items)}


def _pick(probabilities: npt.NDArray[np.float64], uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Indices drawn by ``probabilities``, one for each uniform number, by inverting the distribution."""
    cumulative = np.cumsum(probabilities)
    return np.searchsorted(cumulative / cumulative[-1], uniform, side="right").astype(np.int32)
