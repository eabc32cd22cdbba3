"""A run through the gate: registered, checked, and made champion or refused with its reasons on record."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import dataset_of, find_dataset
from recsys.artifacts.manifests import is_refit
from recsys.artifacts.recorded_config import S, parse_recorded
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.config.evaluation import EvaluationConfig
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ConfigError
from recsys.core.schema import RUNS_DIR
from recsys.evaluation.significance import metric_values
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.registry import registry
from recsys.tracking.registry.champions import (
    VERDICT_TAG,
    Contender,
    champions,
    one_at_a_time,
    rivals_of,
    set_champion,
)
from recsys.tracking.registry.gate import (
    Budget,
    Check,
    Scorer,
    check_alone,
    check_budgets,
    check_parity,
    check_protocol,
    check_quality,
)
from recsys.tracking.registry.validation import before_refit, rescored
from recsys.tracking.runs import local_path
from recsys.tracking.store.store import Store

REASON_TAG, LATER_TAG = "gate.reason", "gate.later_verdict"


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
    scorer_of: Callable[[Bundle], Scorer],
    name: str = registry.MODEL_NAME,
    metric: str = "ndcg@10",
    margin: float | None = None,
) -> Verdict:
    """Hold ``run`` against the champion, the best champion so far and its budgets; move the alias when all checks pass.

    The verdict and its evidence stand as tags on the model's version, whichever way it went.

    Args:
        scorer_of: makes a bundle's model ready to answer; the formats of models are export's to know.
        metric: of the validation targets; nothing here reads a test target.
        margin: the share of a rival's metric that may be lost; by default the run's ``tracking.margin``.

    Raises:
        ConfigError: the run has no logged model or no bundle of ``variant``, or it was refitted and its rivals were
            trained on other datasets.
        ArtifactError: the candidate's dataset is not found, or a stored file is not what it should be.
    """
    registry.check_name(name)
    if margin is None:
        margin = _stored(TrackingConfig, run, "tracking", "margin").margin
    if f"bundle/{variant}/bytes" not in run.metrics:
        known = sorted({key.split("/")[1] for key in run.metrics if key.startswith("bundle/")})
        raise ConfigError(
            f"{run.name} ({run.digest[:8]}): no bundle {variant!r} in the store (there: {', '.join(known) or 'none'}); "
            "recsys export RUN makes one and sends it; one that is there already, recsys compare sends"
        )
    with tempfile.TemporaryDirectory() as directory, one_at_a_time(work_dir):
        scratch = Path(directory)
        contender = Contender(registry.register(store, run, name), run)
        number = contender.version.number
        champion, best = now = champions(store, name)
        rivals = rivals_of(store, number, now)
        models = [rival.contender for rival in rivals]
        candidate = registry.load(store, contender.version, scratch)
        bundle = Bundle(local_path(store, run, f"bundle/{variant}", scratch))
        if is_refit(run.protocol):
            users, ranks = before_refit(store, [contender, *models], scratch)
        else:
            evaluation = _stored(EvaluationConfig, run, "evaluation", "filter_seen")
            users, ranks = rescored(store, candidate, models, _dataset(run, work_dir), evaluation, scratch)
        values, *others = (metric_values(one, metric) for one in ranks)
        held = [
            check_quality(rival.check, rival.called, metric, (values, theirs), users, margin)
            for rival, theirs in zip(rivals, others, strict=True)
        ]
        why = "the first, held against none" if champion is None else "the champion already"
        verdict = Verdict(
            number,
            champion.number if champion else None,
            (
                check_protocol(run.protocol, {rival.called: rival.contender.run.protocol for rival in rivals}),
                *(held or [check_alone(metric, values, why)]),
                check_parity(bundle, run.digest, candidate.score, len(candidate.dataset.vocabulary), budget, scorer_of),
                *check_budgets(bundle, budget),
            ),
        )
        if verdict.promoted:
            against_best = held[-1].test if held else None
            is_best = best is None or (against_best is not None and against_best.is_better)
            set_champion(store, name, contender.version, is_best=is_best)
        if verdict.promoted or champion is None or champion.number != number:
            registry.annotate(store, name, contender.version, _evidence(verdict, variant))
        else:  # the champion, under other budgets: what it was promoted for stays on record
            registry.annotate(store, name, contender.version, {LATER_TAG: f"refused: {verdict.reason}"})
    return verdict


def _stored(kind: type[S], run: MeasuredRun, section: str, key: str) -> S:
    """A section of the run's config with its ``key`` as the store has it, the rest at its defaults."""
    value = run.parameters.get(f"{section}.{key}")
    return parse_recorded(kind, {} if value is None else {key: value}, f"{run.name} ({run.digest[:8]})", section)


def _dataset(run: MeasuredRun, work_dir: Path) -> Dataset:
    here = Run(work_dir / RUNS_DIR / run.digest)
    return dataset_of(here, work_dir) if here.is_started else find_dataset(work_dir, run.dataset_digest)


def _evidence(verdict: Verdict, variant: str) -> dict[str, str]:
    return {
        VERDICT_TAG: "promoted" if verdict.promoted else "refused",
        REASON_TAG: verdict.reason,
        "gate.variant": variant,
        **{
            f"gate.{check.name}": f"{'passed' if check.passed else 'failed'}: {check.evidence}"
            for check in verdict.checks
        },
    }
