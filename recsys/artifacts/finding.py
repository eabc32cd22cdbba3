"""Which dataset of a work directory a run was trained on, and which ones it was extended from."""

from collections.abc import Iterator
from pathlib import Path

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.core.artifact import artifacts
from recsys.core.errors import ArtifactError
from recsys.core.schema import DATASETS_DIR
from recsys.storage.copies import manifests_below


def find_dataset(work_dir: Path, digest: str, *elsewhere: str) -> Dataset:
    """The dataset below ``work_dir/datasets``, or else at one of ``elsewhere``, whose content has ``digest``.

    Raises:
        ArtifactError: there is none; one that cannot be read is passed over, and named.
    """
    unreadable = []
    for path in _places(work_dir / DATASETS_DIR, digest, elsewhere):
        try:
            dataset = Dataset(path)
            if dataset.digest == digest:
                return dataset
        except (ArtifactError, OSError, KeyError) as error:
            unreadable.append(str(error))
    told = f" (passed over: {'; '.join(unreadable)})" if unreadable else ""
    raise ArtifactError(
        f"{work_dir / DATASETS_DIR}: holds no dataset {digest}, on which the run was trained{told}; "
        "recsys prepare with the run's config makes it again, and evaluate and export take another place by --dataset"
    )


def lineage(dataset: Dataset, work_dir: Path) -> list[Dataset]:
    """``dataset`` and those that it was extended from, the newest first, as far as ``work_dir`` has them."""
    line, met = [dataset], {dataset.digest}
    while (before := line[-1].manifest.inputs.extends) is not None and before not in met:
        met.add(before)
        try:
            line.append(find_dataset(work_dir, before))
        except ArtifactError:
            break
    return line


def _places(datasets_dir: Path, digest: str, elsewhere: tuple[str, ...]) -> Iterator[Path | str]:
    """Where it may lie; a store is asked last, and for manifests alone."""
    yield from artifacts(datasets_dir)
    yield from elsewhere
    for path, manifest in manifests_below(datasets_dir):
        if manifest.get("dataset_digest") == digest:
            yield path


def dataset_of(run: Run, work_dir: Path) -> Dataset:
    """The dataset that ``run`` was trained on: in ``work_dir``, or where it lay when the run was trained.

    Raises:
        ArtifactError: it is in neither place.
    """
    manifest = run.manifest
    elsewhere = [manifest.dataset_path] if manifest.dataset_path else []
    return find_dataset(work_dir, manifest.dataset_digest, *elsewhere)
