"""A run through the gate: registered, checked, and made champion or refused with its reasons on record."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import find_dataset
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ConfigError
from recsys.core.locks import exclusive
from recsys.core.schema import RUNS_DIR
from recsys.evaluation.evaluate import targets_of
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.registry import registry
from recsys.tracking.registry.gate import Budget, Check, check_budgets, check_parity, check_protocol, check_quality
from recsys.tracking.registry.rescoring import ranks_in
from recsys.tracking.runs import local_directory
from recsys.tracking.store.store import Store
from recsys.tracking.upload.datasets import dataset_of


@dataclass(frozen=True)
class Verdict:
    """What became of a candidate."""

    version: str
    champion_before: str | None
    checks: tuple[Check, ...]

    @property
    def promoted(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The failed checks with their numbers, or that there are none."""
        failed = [f"{check.name}: {check.evidence}" for check in self.checks if not check.passed]
        return "; ".join(failed) or "every check passed"


def promote(
    store: Store,
    run: MeasuredRun,
    work_dir: Path,
    *,
    variant: str,
    budget: Budget,
    name: str = registry.MODEL_NAME,
    metric: str = "ndcg@10",
) -> Verdict:
    """Hold ``run`` against the champion and its budgets; move the alias only when every check passes.

    The verdict and its evidence stand as tags on the model's version, whichever way it went.

    Raises:
        ConfigError: the run has no logged model, or no bundle of ``variant``.
        ArtifactError: the candidate's dataset is not found, or a stored file is not what it should be.
        StoreError: the store is away.
    """
    registry.check_name(name)
    if f"bundle/{variant}/bytes" not in run.metrics:
        known = sorted({key.split("/")[1] for key in run.metrics if key.startswith("bundle/")})
        raise ConfigError(
            f"{run.name} ({run.digest[:8]}): no bundle {variant!r} in the store (there: {', '.join(known) or 'none'}); "
            "recsys export makes one, recsys compare sends it"
        )
    dataset = _dataset(run, work_dir)
    evaluation = EvaluationConfig(filter_seen=run.parameters["evaluation.filter_seen"] == "True")
    with tempfile.TemporaryDirectory() as directory, exclusive(work_dir):
        scratch = Path(directory)
        version, before = registry.register(store, run, name), registry.champion(store, name)
        candidate = registry.load(store, version, scratch)
        bundle = Bundle(local_directory(store, run, f"bundle/{variant}", scratch))
        targets = targets_of(dataset, "test")
        ranks, rival, alone = ranks_in(candidate, dataset, targets, evaluation), None, "the first champion"
        if before is not None and before.number != version.number:
            rival = ranks_in(registry.load(store, before, scratch), dataset, targets, evaluation)
        elif before is not None:
            alone = "the champion already"
        verdict = Verdict(
            version.number,
            before.number if before else None,
            (
                check_protocol(run.protocol, registry.protocol(store, before) if before else None),
                check_quality(ranks, rival, targets.users, metric, alone),
                check_parity(bundle, run.digest, candidate.score, budget),
                *check_budgets(bundle, budget),
            ),
        )
        if verdict.promoted or before is None or before.number != version.number:
            registry.note(store, name, version, _evidence(verdict, variant))
        else:  # the champion, under other budgets: what it was crowned for stays on record
            registry.note(store, name, version, {registry.LATER_TAG: f"refused: {verdict.reason}"})
        if verdict.promoted:
            registry.set_champion(store, name, version)
    return verdict


def _dataset(run: MeasuredRun, work_dir: Path) -> Dataset:
    here = Run(work_dir / RUNS_DIR / run.digest)
    return dataset_of(here, work_dir) if here.is_started else find_dataset(work_dir, run.dataset_digest)


def _evidence(verdict: Verdict, variant: str) -> dict[str, str]:
    return {
        registry.VERDICT_TAG: "promoted" if verdict.promoted else "refused",
        registry.REASON_TAG: verdict.reason,
        "gate.variant": variant,
        **{
            f"gate.{check.name}": f"{'passed' if check.passed else 'failed'}: {check.evidence}"
            for check in verdict.checks
        },
    }
