"""Which dataset of a work directory a run was trained on."""

from pathlib import Path

from recsys.artefact import artefacts
from recsys.data.dataset import Dataset
from recsys.errors import ArtefactError
from recsys.schema import DATASETS_DIR


def find_dataset(work_dir: Path, digest: str) -> Dataset:
    """The dataset below ``work_dir/datasets`` whose content has ``digest``.

    Raises:
        ArtefactError: there is none.
    """
    for path in artefacts(work_dir / DATASETS_DIR):
        dataset = Dataset(path)
        if dataset.digest == digest:
            return dataset
    raise ArtefactError(
        f"{work_dir / DATASETS_DIR}: holds no dataset {digest}, on which the run was trained; "
        "recsys prepare with the run's config makes it again, and recsys export takes another place by --dataset"
    )
