"""Runs as the store holds them, and their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from recsys.core.errors import ArtifactError, ConfigError
from recsys.terminal import say
from recsys.tracking.store.store import Store, store_errors
from recsys.tracking.upload import record

PAGE = 1000


@dataclass(frozen=True)
class StoredRun:
    """One complete run.

    Attributes:
        run_id: MLflow's id.
        metrics: last values by the field's names, ``test/ndcg@10``.
        artifacts: the address below which its files lie.
    """

    run_id: str
    name: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    artifacts: str

    @property
    def digest(self) -> str:
        return self.tags[record.DIGEST_TAG]

    @property
    def label(self) -> str:
        """Its name and the beginning of its config's digest: what tables of groups call it."""
        return f"{self.name}-{self.tags[record.CONFIG_TAG][:6]}"

    @property
    def is_trial(self) -> bool:
        """It was trained by a sweep."""
        return record.PARENT_TAG in self.tags

    def matches(self, word: str) -> bool:
        """``word`` is its MLflow id, its name or label, its directory, or how its digest begins (6 digits or more)."""
        digits = PurePath(word).name  # a run directory is named by its digest
        return word in (self.run_id, self.name, self.label) or (len(digits) >= 6 and self.digest.startswith(digits))


def complete_runs(store: Store, where: str = "") -> list[StoredRun]:
    """Every run that has arrived whole, oldest first.

    Args:
        where: more conditions in MLflow's search language.

    Raises:
        StoreError: the store is away, or does not understand ``where``.
    """
    conditions = [f"tags.`{record.STATE_TAG}` = 'complete'", *([where] if where else [])]
    found: list[StoredRun] = []
    token = None
    with store_errors(store.place):
        while True:
            page = store.client.search_runs(
                [store.experiment_id],
                " and ".join(conditions),
                max_results=PAGE,
                order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
                page_token=token,
            )
            found += [_stored(run) for run in page]
            token = page.token
            if not token:
                break
    foreign = [run for run in found if not _is_ours(run)]
    if foreign:
        names = ", ".join(f"{run.name} ({run.run_id})" for run in foreign)
        say(f"mlflow: left out, for they lack what recsys writes: {names}")
    return [run for run in found if _is_ours(run)]


def _is_ours(run: StoredRun) -> bool:
    """Whether the run has all that comparing needs: anyone may have written or deleted tags in the store."""
    return (
        set(record.NEEDED_TAGS) <= run.tags.keys()
        and set(record.NEEDED_PARAMETERS) <= run.parameters.keys()
        and run.tags[record.SEED_TAG].isdecimal()
    )


def select(runs: Sequence[StoredRun], words: Sequence[str]) -> list[StoredRun]:
    """The runs that answer to any of ``words``; all of them when there are no words.

    Raises:
        ConfigError: nothing answers to a word.
    """
    for word in words:
        if not any(run.matches(word) for run in runs):
            known = ", ".join(sorted({run.name for run in runs})) or "none"
            raise ConfigError(
                f"{word!r}: no complete run has this MLflow id, name, directory or digest (6 digits or more); "
                f"names here: {known}"
            )
    return [run for run in runs if not words or any(run.matches(word) for word in words)]


def metric_history(store: Store, run: StoredRun, metric: str) -> tuple[list[int], list[float]]:
    """A metric's steps and values, oldest first.

    Raises:
        StoreError: the store is away.
    """
    with store_errors(store.place):
        points = store.client.get_metric_history(run.run_id, record.metric_key(metric))
    points = sorted(points, key=lambda point: (point.step, point.timestamp))
    return [point.step for point in points], [point.value for point in points]


def local_file(store: Store, run: StoredRun, path: str, scratch: Path) -> Path:
    """A run's file on this machine: where it lies, or a copy below ``scratch``.

    Raises:
        ArtifactError: the run has no such file, or the address leaves the experiment's artifact root.
        StoreError: the store is away.
    """
    found = _local(store, run, path, scratch)
    if not found.is_file():
        raise ArtifactError(f"{run.name} ({run.run_id}): {found} is missing from the store; send the run again")
    return found


def local_directory(store: Store, run: StoredRun, path: str, scratch: Path) -> Path:
    """As ``local_file``, for a directory with all that is in it."""
    found = _local(store, run, path, scratch)
    if not found.is_dir():
        raise ArtifactError(f"{run.name} ({run.run_id}): {found} is missing from the store; send the run again")
    return found


def _local(store: Store, run: StoredRun, path: str, scratch: Path) -> Path:
    parsed = urlparse(run.artifacts)
    if parsed.scheme in ("", "file"):
        root = urlparse(store.artifact_root)
        inside = Path(url2pathname(root.path)).resolve()
        found = (Path(url2pathname(parsed.path)) / path).resolve()
    else:
        target = scratch / run.run_id
        target.mkdir(parents=True, exist_ok=True)
        with store_errors(store.place):
            found = Path(store.client.download_artifacts(run.run_id, path, str(target))).resolve()
        inside = target.resolve()
    if not found.is_relative_to(inside):
        raise ArtifactError(f"{run.name} ({run.run_id}): its file {path} points outside the artifact root {inside}")
    return found


def _stored(run: Any) -> StoredRun:
    return StoredRun(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        parameters=dict(run.data.params),
        metrics={record.metric_name(key): value for key, value in run.data.metrics.items()},
        tags=dict(run.data.tags),
        artifacts=str(run.info.artifact_uri),
    )
