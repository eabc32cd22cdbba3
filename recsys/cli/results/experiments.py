"""What ``recsys compare``, ``sweep`` and ``ablate`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Result


@dataclass(frozen=True)
class CompareResult(Result):
    """``recsys compare``: runs side by side.

    Attributes:
        metric: what groups are ordered by on validation, and tested by.
        split: of all metrics that are reported.
        dataset_digests: of the data that they were measured on; one, unless ``--mixed``.
        protocols: the same of how.
        baseline: the label of what the groups were tested against; null without it.
        groups: best on validation first, one a config: ``label``, ``config_digest``, ``runs``, ``seeds``, the
            ``parameters`` that differ between groups, the metric on ``validation`` and the reported ``metrics``, each
            with ``mean``, ``std`` and the 95 % ``interval`` over seeds, and ``against_baseline`` where it was tested.
        baselines: the reported metrics of what every run was held against, by name.
        bundles: smallest first, of each group the exported run that was best on validation: ``label``, ``run``,
            ``seed``, ``variant``, ``bytes``, ``median_ms``, the metric on ``validation`` and ``test``, and ``pareto``:
            no other is better on validation, smaller and faster at once.
    """

    metric: str
    split: str
    dataset_digests: list[str]
    protocols: list[str]
    baseline: str | None
    groups: list[dict[str, Any]]
    baselines: dict[str, dict[str, Any]]
    bundles: list[dict[str, Any]]


@dataclass(frozen=True)
class SweepResult(Result):
    """``recsys sweep``: trials.

    Attributes:
        metric: what they are ordered by.
        trials: best first: ``number``, ``state``, ``values``, ``score``, ``reason``, ``runs``, as
            ``recsys.experiments.trial.Trial`` documents them.
    """

    metric: str
    trials: list[dict[str, Any]]


@dataclass(frozen=True)
class AblateResult(Result):
    """``recsys ablate``: what each piece of a recipe brings.

    Attributes:
        metric: what arms are ordered and tested by.
        protocol: how they were measured.
        dataset_digest: of the data that all of them were trained on.
        chosen: the arm that is best on validation.
        arms: the recipe, then one a ``--drop``: ``name``, and what ``recsys compare`` prints of a group, tested against
            the recipe.
    """

    metric: str
    protocol: str
    dataset_digest: str
    chosen: str
    arms: list[dict[str, Any]]
