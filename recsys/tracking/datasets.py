"""Which dataset of a work directory a run was trained on."""

import json
from pathlib import Path

from recsys.data.dataset import Dataset
from recsys.errors import ArtefactError
from recsys.schema import MANIFEST

DATASETS_DIR = "datasets"


def find_dataset(work_dir: Path, digest: str) -> Dataset:
    """The dataset below ``work_dir/datasets`` whose content has ``digest``.

    Raises:
        ArtefactError: there is none.
    """
    for manifest in sorted((work_dir / DATASETS_DIR).glob("*/" + MANIFEST)):
        if json.loads(manifest.read_text()).get("dataset_digest") == digest:
            return Dataset(manifest.parent)
    raise ArtefactError(
        f"{work_dir / DATASETS_DIR}: holds no dataset {digest}, on which the run was trained; "
        "recsys prepare with the run's config makes it again"
    )
