"""What ``recsys train``, ``evaluate`` and ``run`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Metrics, Result


@dataclass(frozen=True)
class EvaluateResult(Result):
    """``recsys evaluate``: the quality of runs that differ in nothing but their seed.

    Attributes:
        protocol: how it was measured, ``leave_one_out`` or ``leave_one_out+refit`` for example.
        request_time: whether the models were told when each target came.
        split: ``test`` or ``validation``, of every figure.
        dataset_digest: of the data that all of them were trained on.
        targets: how many events were predicted.
        users: of how many users.
        seeds: one a run.
        model: ``ndcg@10`` and the other metrics as means over the runs, ``ndcg@10_std`` and so on as their sample
            standard deviations (null for a single run).
        baselines: the same of each baseline, by its name.
        segments: with ``--segments``, by kind of target, for example ``activity`` and ``short``: ``targets``,
            ``users``, and HR@10 and NDCG@10 of ``model`` and each of ``baselines`` as ``mean``, ``low`` and ``high``,
            95 % bounds over users; null without. Cold targets among the cold items alone are ``among_cold`` of
            ``novelty``, where ``baselines`` have ``random``, too.
    """

    protocol: str
    request_time: bool
    split: str
    dataset_digest: str
    targets: int
    users: int
    seeds: list[int]
    model: Metrics
    baselines: dict[str, Metrics]
    segments: dict[str, dict[str, Any]] | None


@dataclass(frozen=True)
class TrainResult(EvaluateResult):
    """``recsys train``: the quality of the runs, and where they lie.

    Attributes:
        runs: their directories, in the order of ``seeds``.
    """

    runs: list[str]


@dataclass(frozen=True)
class RunResult(TrainResult):
    """``recsys run``: what ``recsys train`` prints, and the bundles of the run that was best on validation.

    Attributes:
        bundle: ``{"variants": …}``, as ``recsys export`` prints them.
    """

    bundle: dict[str, dict[str, dict[str, Any]]]
