"""What ``--json`` prints: one object, whose keys are the fields of one of these classes."""

from dataclasses import asdict, dataclass
from typing import Any

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Result:
    """What a command found out, for programs."""

    def to_json(self) -> dict[str, Any]:
        """The fields by name; a field that does not apply is null."""
        return asdict(self)


@dataclass(frozen=True)
class EvaluateResult(Result):
    """``recsys evaluate``: the quality of runs that differ in nothing but their seed.

    Attributes:
        protocol: how it was measured, ``leave_one_out`` or ``leave_one_out+refit`` for example.
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
            95 % bounds over users; null without.
    """

    protocol: str
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


@dataclass(frozen=True)
class PrepareResult(Result):
    """``recsys prepare``: a dataset.

    Attributes:
        path: its directory.
        dataset_digest: of its content.
        reused: whether it was there already.
        counts: of rows ``read``, ``rejected`` and ``dropped`` by reason, and of what is left by kind and by split.
    """

    path: str
    dataset_digest: str
    reused: bool
    counts: dict[str, Any]


@dataclass(frozen=True)
class ExportResult(Result):
    """``recsys export``: bundles.

    Attributes:
        variants: by name: ``path``, ``bytes`` (what a phone downloads to rank), ``median_ms`` (of one ranking by one
            thread of the exporting machine), ``validation`` and ``test``, each with ``ndcg@10``, ``hr@10``, how many
            ``targets`` of how many ``users`` they were measured on, and ``keras``, the trained model's.
        reused: whether all of them were there already.
        chosen: the best variant on validation within ``--budget``; null without one.
    """

    variants: dict[str, dict[str, Any]]
    reused: bool
    chosen: str | None


@dataclass(frozen=True)
class ScoreResult(Result):
    """``recsys score``: the best items of every user.

    Attributes:
        path: the directory of the scores.
        reused: whether they were there already.
        users: how many were scored.
    """

    path: str
    reused: bool
    users: int


@dataclass(frozen=True)
class RerankResult(Result):
    """``recsys rerank``: ordered candidates.

    Attributes:
        bundle: the directory of the bundle that ordered them.
        ranked: best first: ``place`` (from 1), ``item``, ``score`` (null where the model does not know the item) and,
            where the bundle has one, ``title``.
    """

    bundle: str
    ranked: list[dict[str, Any]]


@dataclass(frozen=True)
class FetchResult(Result):
    """``recsys data fetch``: a public data set on this machine.

    Attributes:
        name: as it was asked for.
        route: where it came from.
        events: ``path`` and ``sha256`` of the log.
        items: the same of the item table; null where there is none.
    """

    name: str
    route: str
    events: dict[str, str]
    items: dict[str, str] | None


@dataclass(frozen=True)
class SyntheticResult(Result):
    """``recsys data synthetic``: a log drawn from a Markov chain.

    Attributes:
        path: the log.
        events: how many it has.
        made_from: the settings; the same ones give the same bytes.
        best: metrics of the best possible ranking of every user's last event.
        files: SHA-256 of what was written, by name.
    """

    path: str
    events: int
    made_from: dict[str, Any]
    best: Metrics
    files: dict[str, str]


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


@dataclass(frozen=True)
class PromoteResult(Result):
    """``recsys promote``: a verdict.

    Attributes:
        promoted: whether the run's model is the champion now.
        version: of the registered model.
        champion_before: the version that was; null where there was none.
        reason: of the verdict, in a sentence.
        checks: of the gate: ``name``, ``passed``, ``evidence``.
    """

    promoted: bool
    version: str
    champion_before: str | None
    reason: str
    checks: list[dict[str, Any]]


@dataclass(frozen=True)
class RollbackResult(Result):
    """``recsys promote --rollback``: two versions of the registered model.

    Attributes:
        champion: the one that serves again.
        rolled_back: the one that served until now.
    """

    champion: str
    rolled_back: str


@dataclass(frozen=True)
class InspectResult(Result):
    """``recsys bundle inspect``: what a bundle is.

    Attributes:
        path: its directory.
        damage: what is wrong with its files; null where all are what the manifest says.
        bytes: what a phone downloads to rank; null where it is damaged.
        file_bytes: of each file that the manifest lists; null where it is missing.
        manifest: as ``recsys.bundle.BundleManifest`` documents it.
    """

    path: str
    damage: str | None
    bytes: int | None
    file_bytes: dict[str, int | None]
    manifest: dict[str, Any]


@dataclass(frozen=True)
class VerifyResult(Result):
    """``recsys bundle verify``: a bundle that ranks as its exporter did.

    Attributes:
        path: its directory.
        files: whose hashes were checked.
        golden_cases: that were replayed; 0 where a delta made the bundle, for it brings none.
        signed: whether a signature was checked.
    """

    path: str
    files: int
    golden_cases: int
    signed: bool


@dataclass(frozen=True)
class DiffResult(Result):
    """``recsys bundle diff``: what changed between two bundles.

    Attributes:
        changed: ``{"old", "new"}`` by what it is; dots lead into objects.
    """

    changed: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class DeltaResult(Result):
    """``recsys bundle delta``: a delta.

    Attributes:
        path: its directory.
        bytes: what a phone downloads of it.
        whole_bytes: what it would download without it.
        share: the one of the other.
    """

    path: str
    bytes: int
    whole_bytes: int
    share: float


@dataclass(frozen=True)
class ApplyResult(Result):
    """``recsys bundle apply``: the new bundle.

    Attributes:
        path: its directory.
        model_version: of its manifest.
    """

    path: str
    model_version: str


@dataclass(frozen=True)
class SignResult(Result):
    """``recsys bundle sign``: a signed bundle.

    Attributes:
        path: its directory.
        signature: the file that was written.
    """

    path: str
    signature: str
