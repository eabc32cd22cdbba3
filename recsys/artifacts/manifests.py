"""What datasets, runs, their further evaluations and scores say of themselves, typed."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_REFIT = "+refit"


def protocol(split: str, refit: bool) -> str:
    """What a run's figures may be compared with: how its data were split, and whether it learned from validation too.

    >>> protocol("leave_one_out", refit=True)
    'leave_one_out+refit'
    """
    return split + _REFIT * refit


def is_refit(protocol: str) -> bool:
    """Whether a model of this protocol has learned from the validation events, too."""
    return protocol.endswith(_REFIT)


class _Typed(BaseModel):
    """A key that is not its own is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Manifest(_Typed):
    """What an artifact says of itself."""

    kind: str
    format_version: int
    files: dict[str, str] = Field(default_factory=dict)  # SHA-256 by POSIX relative path

    def to_json(self) -> dict[str, Any]:
        """What stands in ``manifest.json``."""
        return self.model_dump(mode="json", exclude_unset=True)


class Inputs(_Typed):
    """What a dataset was made of.

    Attributes:
        log: SHA-256 of the log's files, each with the columns that its folders hold, where those are read.
        items: SHA-256 of the item table's file, and ``relations`` of the table's of relations.
        data, prepare: the sections of the config, as ``recorded_config`` reads them.
        extends: the digest of the dataset that was taken over.
    """

    log: list[str]
    items: str | None
    relations: str | None
    data: dict[str, Any]
    prepare: dict[str, Any]
    extends: str | None


class Buckets(_Typed):
    """How many ids items outside the vocabulary share."""

    buckets: int


class DatasetManifest(Manifest):
    """What a dataset says of itself.

    Attributes:
        config_digest: what the dataset's directory is named by.
        dataset_digest: of the content.
        counts: what was read, rejected, dropped and written.
        event_codes: what stands for event types and values, where the sequences have them.
        forgotten_key: the fingerprint of the key that forgotten users were hashed with.
    """

    config_digest: str
    dataset_digest: str
    counts: dict[str, Any]
    cleaning: dict[str, Any]
    event_codes: dict[str, Any] = Field(default_factory=dict)
    oov: Buckets
    split: str
    forgotten_key: str | None = None
    inputs: Inputs


class FittedFeature(_Typed):
    """What the codes of an item feature mean.

    Attributes:
        digest: of the encoder.
        values: of a category, which the digest covers; 0 of other kinds.
    """

    digest: str
    values: int


class RunManifest(Manifest):
    """What a run says of itself: what is known when it begins, and what is added when it is sealed.

    Attributes:
        name: what people call it.
        config_digest: what runs that differ in nothing but the seed share.
        request_time: whether the model is told when each target came.
        protocol: the dataset's split, and ``+refit`` where the validation events were trained on at the end.
        dataset_path: where the dataset lay; its digest says whether it is still the one.
        event_codes: the dataset's, which the model's inputs are encoded with.
        features: what the codes of the items' features mean, by feature.
        forgotten: users whom the dataset left out because people asked for it.
        code_version: the commit; None outside a checkout.
        command: what started the training, without secrets.
        multiply_adds: of one ranking.
    """

    status: Literal["running", "finished"]
    digest: str
    name: str
    config_digest: str
    seed: int
    protocol: str
    request_time: bool
    dataset_digest: str
    dataset_path: str | None = None
    dataset_counts: dict[str, Any] = Field(default_factory=dict)
    event_codes: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, FittedFeature] = Field(default_factory=dict)
    forgotten: int = 0
    table_size: int
    vocabulary_digest: str
    started: str
    recsys_version: str | None = None
    code_version: str | None = None
    code_clean: bool | None = None
    python: str | None = None
    command: str | None = None
    environment_lock: str | None = None
    finished: str | None = None
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    workers: int | None = None

    @property
    def is_refit(self) -> bool:
        """Whether the model has learned from the validation events, too."""
        return is_refit(self.protocol)


class EvaluationManifest(Manifest):
    """What a further evaluation of a run says of itself.

    Attributes:
        run: the run's digest.
        weights: SHA-256 of its weights.
        ks: the cut-offs.
        baselines: what the model is held against.
        version: of how figures are computed.
    """

    run: str
    weights: str
    ks: list[int]
    baselines: list[str]
    version: int


class ScoresManifest(Manifest):
    """What scores say of themselves.

    Attributes:
        weights: SHA-256 of the run's weights.
        dataset: digest of the dataset whose users, or items, were scored.
        of: whose lists these are.
        k: items a list.
        filter_seen: whether items that a user had touched are left out.
        filters: SHA-256 of the files that narrowed what is shown, as ``Filters`` of ``recsys.scoring`` has them.
        version: of how items are ranked.
        lists: how many there are.
    """

    weights: str
    dataset: str
    of: Literal["users", "items"]
    k: int
    filter_seen: bool
    filters: dict[str, Any]
    version: int
    lists: int
