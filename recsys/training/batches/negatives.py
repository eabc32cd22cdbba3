"""Negatives shared by a batch, and how often each was to be expected."""

import numpy as np
import numpy.typing as npt

from recsys.config.training import NegativesConfig


class NegativeSampler:
    """Draws one mixture a batch.

    Args:
        counts: ``[items] int64``, how often item ``1 + i`` occurs in training.
        trained_only: draw none that occurs never. Where items are known by their features, being a negative would
            teach the model that what is new is not wanted.
    """

    def __init__(self, config: NegativesConfig, counts: npt.NDArray[np.int64], trained_only: bool = False) -> None:
        self.config, self.items = config, len(counts)
        drawn = counts > 0 if trained_only else np.ones(len(counts), np.bool_)
        self.ids = 1 + np.flatnonzero(drawn)
        self.popularity = np.where(drawn, counts + 1.0, 0.0) / (counts + 1.0)[drawn].sum()
        self._cumulative = np.cumsum(self.popularity)

    def draw(
        self, rng: np.random.Generator, targets: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Negatives ``[n] int32`` and the log of each one's expected count ``[n] float32`` (0 when uncorrected)."""
        config = self.config
        uniform = min(config.uniform, len(self.ids))
        targets = targets[targets <= self.items]  # an OOV bucket is no negative
        drawn = [
            self.ids[rng.choice(len(self.ids), uniform, replace=False, shuffle=False)],
            1 + np.searchsorted(self._cumulative, rng.random(config.popularity) * self._cumulative[-1]),
            rng.choice(targets, config.in_batch) if len(targets) else targets,
        ]
        negatives = np.concatenate(drawn).astype(np.int32)
        if not config.correct:
            return negatives, np.zeros(len(negatives), np.float32)
        expected = uniform / len(self.ids) + config.popularity * self.popularity[negatives - 1]
        if config.in_batch and len(targets):
            expected += config.in_batch * np.bincount(targets, minlength=self.items + 1)[negatives] / len(targets)
        return negatives, np.log(expected).astype(np.float32)
