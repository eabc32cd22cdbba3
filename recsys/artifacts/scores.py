"""The scores artifact: the best items for every user, or those nearest to every item, made by a run."""

from functools import cached_property

import pandas as pd

from recsys.artifacts.artifact import SealedArtifact
from recsys.artifacts.manifests import ScoresManifest

SHARDS_DIR = "top"


class Scores(SealedArtifact[ScoresManifest]):
    """A directory of Parquet shards, one row a list: ``user_id`` or ``item_id``, ``items`` (best first), ``scores``.

    All ids are the log's own.

    Raises:
        ArtifactError: no scores there, ones of a newer format, or ones whose manifest is not whole.
    """

    kind = "scores"
    format_version = 3
    manifest_type = ScoresManifest
    sealed = (SHARDS_DIR,)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All lists, in the order of the shards."""
        return pd.read_parquet(self.path / SHARDS_DIR)
