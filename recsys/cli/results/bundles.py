"""What ``recsys export`` and ``recsys bundle`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Result


@dataclass(frozen=True)
class ExportResult(Result):
    """``recsys export``: bundles.

    Attributes:
        variants: by name: ``path``, ``bytes`` (what a phone downloads to rank), ``median_ms`` (of one ranking by one
            thread of the exporting machine), ``validation`` and ``test``, each with ``ndcg@10``, ``hr@10``, how many
            ``targets`` of how many ``users`` they were measured on, and ``keras``, the trained model's.
        reused: whether all of them were there already.
        chosen: the best variant on validation within ``--budget``; null without one.
        embeddings: the folder of the items' vectors with ``--embeddings``; null without it.
    """

    variants: dict[str, dict[str, Any]]
    reused: bool
    chosen: str | None
    embeddings: str | None


@dataclass(frozen=True)
class PathResult(Result):
    """What an action on one directory found out.

    Attributes:
        path: the directory.
    """

    path: str


@dataclass(frozen=True)
class InspectResult(PathResult):
    """``recsys bundle inspect``: what a bundle is.

    Attributes:
        damage: what is wrong with its files; null where all are what the manifest says.
        bytes: what a phone downloads to rank; null where it is damaged.
        file_bytes: of each file that the manifest lists; null where it is missing.
        manifest: as ``recsys.bundle.BundleManifest`` documents it.
    """

    damage: str | None
    bytes: int | None
    file_bytes: dict[str, int | None]
    manifest: dict[str, Any]


@dataclass(frozen=True)
class VerifyResult(PathResult):
    """``recsys bundle verify``: a bundle that ranks as its exporter did.

    Attributes:
        files: whose hashes were checked.
        golden_cases: that were replayed; 0 where they were left out.
        signed: whether a signature was checked.
    """

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
class DeltaResult(PathResult):
    """``recsys bundle delta``: a delta.

    Attributes:
        bytes: what a phone downloads of it.
        whole_bytes: what it would download without it.
        share: the one of the other.
    """

    bytes: int
    whole_bytes: int
    share: float


@dataclass(frozen=True)
class ApplyResult(PathResult):
    """``recsys bundle apply``: the new bundle.

    Attributes:
        model_version: of its manifest.
    """

    model_version: str


@dataclass(frozen=True)
class SignResult(PathResult):
    """``recsys bundle sign``: a signed bundle.

    Attributes:
        signature: the file that was written.
    """

    signature: str
