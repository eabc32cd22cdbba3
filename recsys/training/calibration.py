"""How much to trust the memory beside attention, chosen on validation.

Attention learned beside the memory on events that it has met before; on others it knows less than it seemed, and the
memory is worth more (or less). One factor, chosen on held-out events, mends it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from recsys.config.evaluation import EvaluationConfig
from recsys.data.dataset import Dataset
from recsys.evaluation.evaluate import Targets
from recsys.evaluation.graph_ranking import GraphRanker
from recsys.evaluation.metrics import ndcg, summarise
from recsys.models.events import history_spec
from recsys.models.sasrec import SASRec

TRUSTS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)


class Validation(NamedTuple):
    """Metrics of a model with its memory's gain multiplied by ``trust``."""

    metrics: dict[str, float]
    trust: float


class Validator:
    """Judges a model's current weights on held-out targets."""

    def __init__(self, model: SASRec, dataset: Dataset, targets: Targets, config: EvaluationConfig) -> None:
        self.sequences, self.targets = dataset.sequences, targets
        self.trusts = TRUSTS if model.memory is not None else (1.0,)
        self._rank = GraphRanker(
            model.score_parts,
            history_spec(model.config, None),
            self.trusts,
            len(dataset.vocabulary),
            config.filter_seen,
        )

    def __call__(self) -> Validation:
        ranks = self._rank(self.sequences, self.targets.users, self.targets.positions)
        best = int(np.argmax([ndcg(own, 10).mean() for own in ranks]))
        return Validation(summarise(ranks[best], (10,)), self.trusts[best])


@contextmanager
def trusted(model: SASRec, trust: float) -> Iterator[None]:
    """``model`` with its memory's gain multiplied by ``trust``, inside the block."""
    if model.memory is None:
        yield
        return
    learned = float(model.memory.attention.gain.numpy())
    model.memory.attention.gain.assign(learned * trust)
    try:
        yield
    finally:
        model.memory.attention.gain.assign(learned)
