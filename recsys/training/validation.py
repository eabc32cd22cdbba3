"""Which epoch's weights a fit leaves: the best by validation or, where nothing validates, the last.

Attention learned beside the memory on events that it has met before; on others it knows less than it seemed, and the
memory is worth more (or less). One factor of the memory, chosen on validation with the epoch, corrects that. Items that
nobody has touched stand behind others of their features, which the memory knows, too. A factor of their vectors, chosen
last, corrects that: the best for the targets among them or, where validation has none, the largest that costs the
others no more than ``training.cold_cost``.
"""

from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from recsys.config.evaluation import EvaluationConfig
from recsys.evaluation.evaluate import EvaluationData, Targets
from recsys.evaluation.graph_ranking import GraphRanker
from recsys.evaluation.metrics import ndcg, summarize
from recsys.models.events import history_spec
from recsys.models.items import FeaturedItems
from recsys.models.sasrec import SASRec, with_folded_items
from recsys.models.weights import load_weights, save_weights
from recsys.training.averaging import averaged, take_average
from recsys.training.fit import Fit, FitCallback, Progress

CHOSEN_BY = "ndcg@10"
MEMORY_WEIGHTS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
COLD_SCALES = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5)  # the first of equals is taken


class Judgement(NamedTuple):
    """Metrics of a model with its memory's gain multiplied by ``memory_weight``."""

    metrics: dict[str, float]
    memory_weight: float


class Validate(Protocol):
    """What ``Validation`` asks."""

    def __call__(self) -> Judgement:
        """How good the current weights are."""

    def cold_scale(self) -> float:
        """What the vectors of items without events are multiplied by from now on."""


class Validator:
    """Judges a model's current weights on held-out targets.

    Args:
        cold_cost: ``training.cold_cost``.
    """

    def __init__(
        self, model: SASRec, data: EvaluationData, targets: Targets, config: EvaluationConfig, cold_cost: float
    ) -> None:
        self.model, self.folded = model, with_folded_items(model)
        self.sequences, self.targets, self.cold_cost = data.sequences, targets, cold_cost
        self.memory_weights = MEMORY_WEIGHTS if model.memory is not None else (1.0,)
        self._rank = GraphRanker(
            self.folded.score_parts,
            history_spec(model.config, None),
            self.memory_weights,
            data.items,
            config.filter_seen,
        )

    def __call__(self) -> Judgement:
        ranks = self._ranks(1.0)
        best = int(np.argmax([ndcg(own, 10).mean() for own in ranks]))
        return Judgement(summarize(ranks[best], (10,)), self.memory_weights[best])

    def cold_scale(self) -> float:
        """The factor of the vectors of items without events, 1 where there are none; the model keeps it.

        It suits the targets best or, where none of them is such an item, is the largest that keeps their NDCG@10 above
        what ``cold_cost`` leaves of it; 1 where that is 0.
        """
        items, best = self.model.items, COLD_SCALES[0]
        if not isinstance(items, FeaturedItems):
            return best
        met = self.sequences.items[self.targets.positions]
        if not np.isin(met, items.trained_ids).all():
            best = COLD_SCALES[int(np.argmax([self._quality(scale) for scale in COLD_SCALES]))]
        elif self.cold_cost and len(items.trained_ids) < items.rows - 1:
            least = (1.0 - self.cold_cost) * self._quality(best)
            for scale in COLD_SCALES[1:]:
                if self._quality(scale) < least:
                    break
                best = scale
        items.complete(best)
        return best

    def _quality(self, cold_scale: float) -> float:
        """The targets' NDCG@10 with the memory as it is."""
        return float(ndcg(self._ranks(cold_scale)[self.memory_weights.index(1.0)], 10).mean())

    def _ranks(self, cold_scale: float) -> Any:
        """The targets' ranks for each weight of the memory."""
        items = self.model.items
        if isinstance(items, FeaturedItems):  # features are computed once a validation, not once a batch
            items.complete(cold_scale)
            self.folded.trained_items.assign(items.vectors())
        return self._rank(self.sequences, self.targets.users, self.targets.positions)


class Validation(FitCallback):
    """Judges every ``training.validate_every``-th epoch and the last, and leaves the chief's model at the best one.

    Args:
        validate: judges the current weights, and says what factor the vectors of items without events need.
        best_weights: the file that keeps them.
    """

    def __init__(self, validate: Validate, best_weights: Path) -> None:
        self.validate, self.best_weights = validate, best_weights

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        progress = fit.progress
        if progress.epoch % fit.config.validate_every and progress.epoch != fit.epochs:
            return
        with averaged(fit):
            found = self.validate()
            metrics.update({f"validation/{name}": value for name, value in found.metrics.items()})
            reached, weight = fit.workers.agreed(found.metrics[CHOSEN_BY], found.memory_weight)
            if reached > progress.best:
                progress.best, progress.best_epoch, progress.memory_weight = reached, progress.epoch, weight
                if fit.workers.is_chief:
                    learned = weigh_memory(fit.model, weight)
                    save_weights(fit.model, self.best_weights)
                    weigh_memory(fit.model, learned=learned)

    def on_end(self, fit: Fit) -> None:
        if fit.workers.is_chief:
            load_weights(fit.model, self.best_weights)
            fit.progress.cold_scale = self.validate.cold_scale()
        (fit.progress.cold_scale,) = fit.workers.agreed(fit.progress.cold_scale)


class LastEpoch(FitCallback):
    """Takes the last epoch's weights, with the memory and items without events weighed as ``searched`` has found."""

    def __init__(self, searched: Progress) -> None:
        self.searched = searched

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        fit.progress.best_epoch = fit.progress.epoch

    def on_end(self, fit: Fit) -> None:
        take_average(fit)
        weigh_memory(fit.model, self.searched.memory_weight)
        if isinstance(fit.model.items, FeaturedItems):
            fit.model.items.complete(self.searched.cold_scale)


def weigh_memory(model: SASRec, weight: float = 1.0, learned: float | None = None) -> float:
    """Multiply the memory's gain, or set it back to what was ``learned``; returns what it was before."""
    if model.memory is None:
        return 0.0
    gain = model.memory.attention.gain
    before = float(gain.numpy())
    gain.assign(before * weight if learned is None else learned)
    return before
