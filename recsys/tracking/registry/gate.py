"""What a model must show before it becomes the champion. No MLflow in here: numbers and a bundle in, a verdict out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.bundle import Bundle, GoldenCase
from recsys.core.candidates import best_first, pad_candidates
from recsys.core.errors import RecsysError
from recsys.core.history import History, encode_history
from recsys.core.schema import PAD_ID
from recsys.tracking.registry.noninferiority import NonInferiority, noninferiority

Scorer = Callable[[History, npt.NDArray[np.int32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Budget:
    """What a phone grants; None is no limit.

    Attributes:
        bytes: of all that a phone downloads.
        milliseconds: median of one ranking on the exporting machine, one thread.
        quality_loss: largest share of Keras' NDCG@10 that the bundle may lose.
    """

    bytes: int | None = None
    milliseconds: float | None = None
    quality_loss: float = 0.02


@dataclass(frozen=True)
class Check:
    """One demand, whether it was met, and the numbers that say so; those of a comparison by themselves, too."""

    name: str
    passed: bool
    evidence: str
    test: NonInferiority | None = None


def check_protocol(candidate: str, others: Mapping[str, str]) -> Check:
    """All were trained for one protocol: with a refit, a model has learned from one more event of every user.

    Args:
        others: the protocol of each that the candidate is held against, by what it is called.
    """
    held = "".join(f", {name} {protocol}" for name, protocol in others.items())
    return Check("protocol", set(others.values()) <= {candidate}, candidate + held)


def check_alone(metric: str, values: npt.NDArray[np.float64], why: str) -> Check:
    """There is nobody to be held against: the quality is put on record."""
    return Check("quality", True, f"validation {metric} {values.mean():.4f} on {len(values)} targets; {why}")


def check_quality(
    name: str,
    rival: str,
    metric: str,
    values: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    users: npt.NDArray[np.int64],
    margin: float,
) -> Check:
    """The candidate is shown not to lose ``margin`` or more of what ``rival`` reaches, as a share of it.

    Where users are too few to show it, the check fails and says how many would do.

    Args:
        name: of the check.
        rival: what the other is called.
        values: of the metric, the candidate's and the rival's, ``[targets]`` each.
        users: ``[targets]``, whose target each is.
    """
    ours, theirs = values
    found = noninferiority(ours, theirs, users)
    told = (
        f"validation {metric} {ours.mean():.4f}, {rival} {theirs.mean():.4f}: {found.difference:+.1%}, and with 97.5 % "
        f"confidence above {found.bound:+.1%}, which must be above {-margin:.1%}; {found.users} users "
        f"can show a loss of {found.detectable:.1%} or more"
    )
    passed = found.passes(margin)
    if not passed and found.difference > -margin and found.detectable > margin:
        told += (
            f"; too few for this margin: {found.users_needed(margin)} would do, or a larger --margin takes the risk of "
            "such a loss"
        )
    return Check(name, passed, told, found)


def check_parity(
    bundle: Bundle, run_digest: str, keras: Scorer, items: int, budget: Budget, scorer_of: Callable[[Bundle], Scorer]
) -> Check:
    """The bundle is this run's, answers its golden cases here, and ranks as Keras does.

    Args:
        keras: the stored model, ``(history, candidates [1, C])`` to scores ``[1, C]``.
        items: that the stored model knows; what was added to the bundle after training is left out of the comparison.
        scorer_of: makes a bundle's model, of whatever format, ready to answer likewise.
    """
    about = bundle.manifest
    if about.run_digest != run_digest:
        return Check("parity", False, f"{about.variant}: made from run {about.run_digest}, not {run_digest}")
    device, largest = scorer_of(bundle), 0.0
    for number, case in enumerate(bundle.golden()):
        known = bundle.vocabulary, about.history_length, about.cleaning, case.now, about.event_codes
        history = encode_history(case.history, *known)
        history = history.like(History.of(about.signatures["rerank"].inputs))
        found = _scores(case, case.candidate_ids, history, device, about.candidates)
        trained = [PAD_ID if one > items else one for one in case.candidate_ids]
        ours = _scores(case, trained, history, keras, about.candidates)
        order = best_first(np.array(case.candidate_ids), np.array(found, np.float64))
        wrong = case.mismatch(found, order.tolist())
        if wrong:
            return Check("parity", False, f"{about.variant}: golden case {number}: {wrong}")
        gaps = [abs(a - b) for a, b in zip(found, ours, strict=True) if a is not None and b is not None]
        largest = float(np.max([largest, *gaps]))  # what is no number stays one
    measured = float(about.measured["largest_difference"])
    if not largest <= measured + about.tolerance:
        added = about.items - items
        evidence = f"{about.variant}: scores differ from Keras' by {largest:.2e}, by {measured:.2e} when exported"
        evidence += f", when {added:,} items were added whose relations may displace others" if added > 0 else ""
        return Check("parity", False, evidence)
    exported = about.measured["validation"]
    quality, reference = float(exported["ndcg@10"]), float(exported["keras"]["ndcg@10"])
    loss = 1 - quality / reference if reference else 0.0
    evidence = (
        f"{about.variant}, model {about.model_version}: validation NDCG@10 {quality:.4f}, Keras {reference:.4f}: "
        f"a loss of {loss:.2%}, at most {budget.quality_loss:.2%} allowed (--max-loss)"
    )
    return Check("parity", loss <= budget.quality_loss, evidence)


def check_budgets(bundle: Bundle, budget: Budget) -> list[Check]:
    """Size and latency within what is granted."""
    size, latency = bundle.device_bytes, float(bundle.manifest.measured["median_ms"])
    return [_within("size", size, budget.bytes, "bytes"), _within("latency", latency, budget.milliseconds, "ms")]


def _within(name: str, value: float, most: float | None, unit: str) -> Check:
    allowed = "no limit" if most is None else f"at most {most:g} {unit} allowed"
    return Check(name, most is None or value <= most, f"{value:,.6g} {unit}, {allowed}")


def _scores(case: GoldenCase, ids: Sequence[int], history: History, scorer: Scorer, width: int) -> list[float | None]:
    """A scorer's answer to a golden case, as the case holds its own; None of those of its candidates without an id."""
    if len(ids) > width:
        raise RecsysError(f"a golden case has {len(ids)} candidates, the model takes {width}")
    scores = np.asarray(scorer(history, pad_candidates(ids, width)))[0, : len(ids)]
    return [
        None if wanted is None or number == PAD_ID else float(score)
        for wanted, number, score in zip(case.scores, ids, scores, strict=True)
    ]
