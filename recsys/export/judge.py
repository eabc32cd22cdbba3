"""How near a converted model comes to the trained one, and whether that is near enough."""

from functools import cached_property
from typing import Any

import numpy as np

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.config.export import ExportConfig
from recsys.core.errors import RecsysError
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.evaluation.evaluate import EvaluationData, Targets, rank, targets_of
from recsys.evaluation.metrics import summarize
from recsys.evaluation.ranking import ScoreAll
from recsys.evaluation.scorer import scorer
from recsys.export.backend import Program
from recsys.export.catalog_scores import catalog_scores
from recsys.export.sample_requests import encode, sample_requests
from recsys.export.variants import Variant
from recsys.models.events import history_spec
from recsys.models.sasrec import SASRec

SPLITS = ("validation", "test")


class VariantRefused(RecsysError):  # noqa: N818 - a verdict on one variant; the others go on
    """A variant strays too far from the trained model."""


class Judge:
    """What Keras says of some requests and targets, and what a program may differ by.

    Whether a program is near enough is decided on validation targets; what it makes of test targets is only reported.

    Args:
        filter_seen: leave a history's items out of its ranking, as the run's evaluation does.
        new: how many of the last items were added after training.
    """

    def __init__(
        self, model: SASRec, dataset: Dataset, config: ExportConfig, *, filter_seen: bool, new: int = 0
    ) -> None:
        self.model, self.dataset, self.config, self.new = model, dataset, config, new
        self.data = EvaluationData.of(dataset)
        self.evaluation = EvaluationConfig(filter_seen=filter_seen)
        self.length = model.config.max_length
        history = history_spec(model.config, 1)
        self.requests = sample_requests(dataset, config.candidates, history, new)
        self.inputs = [encode(one, dataset, history, config.candidates) for one in self.requests]

    @cached_property
    def keras(self) -> dict[str, dict[str, float]]:
        """Keras' metrics, by split."""
        return {split: self._metrics(scorer(self.model, self.data.sequences), split) for split in SPLITS}

    def difference(self, variant: Variant, program: Program) -> float:
        """The largest difference of a score from Keras'.

        Raises:
            VariantRefused: the variant is exact, and it is more than the config allows.
        """
        largest = 0.0
        for one in self.inputs:
            ours = self.model.score(History.of(one), one["candidates"]).numpy()
            difference = program.run("rerank", **one)["scores"] - ours
            largest = max(largest, float(np.abs(difference[one["candidates"] != PAD_ID]).max(initial=0.0)))
        if variant.is_exact and not largest <= self.config.tolerance:
            raise VariantRefused(
                f"{variant.name}: scores differ from Keras' by {largest:.2e}, more than export.tolerance "
                f"{self.config.tolerance:.0e}; its bundle is not written"
            )
        return largest

    def quality(self, variant: Variant, program: Program) -> dict[str, dict[str, Any]]:
        """The program's metrics by split, beside Keras' and the number of targets and users.

        Raises:
            VariantRefused: it ranks validation targets worse than the config allows.
        """
        scores = catalog_scores(program, self.dataset.sequences, self.model.items.rows)
        validation = self._metrics(scores, "validation")
        ours, keras = validation["ndcg@10"], self.keras["validation"]["ndcg@10"]
        if not ours >= keras * (1 - self.config.max_quality_loss):
            raise VariantRefused(
                f"{variant.name}: loses {1 - ours / keras:.1%} of Keras' validation NDCG@10 ({ours:.4f} against "
                f"{keras:.4f} on {len(self._targets('validation').users)} targets), more than export.max_quality_loss "
                f"{self.config.max_quality_loss:.0%}; its bundle is not written; raise that, or leave the variant out"
            )
        metrics = {"validation": validation, "test": self._metrics(scores, "test")}
        return {split: {**found, **self._counts(split), "keras": self.keras[split]} for split, found in metrics.items()}

    def tolerance(self, program: Program, plain: Program) -> float:
        """How far another runtime's scores may lie: thrice what two sets of kernels on this machine differ by."""
        known = self.inputs[:-1] if self.new else self.inputs  # so that new items change no golden case
        found = [program.run("rerank", **one)["scores"] - plain.run("rerank", **one)["scores"] for one in known]
        return max(self.config.tolerance, 3 * float(np.abs(found).max()))

    def _targets(self, split: str) -> Targets:
        return targets_of(self.data, split, self.config.evaluated_users)

    def _counts(self, split: str) -> dict[str, int]:
        users = self._targets(split).users
        return {"targets": len(users), "users": len(np.unique(users))}

    def _metrics(self, score_all: ScoreAll, split: str) -> dict[str, float]:
        return summarize(rank(score_all, self.data, self._targets(split), self.evaluation), (10,))
