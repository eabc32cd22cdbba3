"""The scores artifact: the best items for every user, made by a run."""

from functools import cached_property
from pathlib import Path

import pandas as pd

from recsys.artifacts.artifact import Artifact
from recsys.artifacts.manifests import ScoresManifest

KIND = "scores"
FORMAT_VERSION = 1
SHARDS_DIR = "top"


class Scores(Artifact[ScoresManifest]):
    """A directory of Parquet shards, one row a user: ``user_id``, ``items`` (external ids, best first), ``scores``.

    Raises:
        ArtifactError: no scores there, ones of a newer format, or ones whose manifest is not whole.
    """

    kind = KIND
    format_version = FORMAT_VERSION
    manifest_type = ScoresManifest
    sealed = (SHARDS_DIR,)

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.manifest  # noqa: B018  what are no scores is refused at once

    @cached_property
    def manifest(self) -> ScoresManifest:
        return super().manifest

    @cached_property
    def table(self) -> pd.DataFrame:
        """All users, in the order of the shards."""
        return pd.read_parquet(self.path / SHARDS_DIR)
