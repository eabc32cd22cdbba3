"""The scores artifact: the best items for every user, made by a run."""

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.core.artifact import check_files, read_manifest

KIND = "scores"
FORMAT_VERSION = 1
SHARDS_DIR = "top"


class Scores:
    """A directory of Parquet shards, one row a user: ``user_id``, ``items`` (external ids, best first), ``scores``.

    Raises:
        ArtifactError: no scores there, damaged ones (with ``verify``), or ones of a newer format.
    """

    def __init__(self, path: Path | str, *, verify: bool = False) -> None:
        self.path = Path(path)
        self.manifest: dict[str, Any] = read_manifest(self.path, KIND, FORMAT_VERSION)
        if verify:
            check_files(self.path, self.manifest["files"], KIND)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All users, in the order of the shards."""
        return pd.read_parquet(self.path / SHARDS_DIR)
