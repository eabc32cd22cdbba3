"""The evaluation artifact: what a run reached by other cut-offs, beside other baselines or on a split that it has not
sealed."""

from pathlib import Path
from typing import Any

from recsys.artifacts.artifact import Artifact
from recsys.artifacts.manifests import EvaluationManifest
from recsys.core.json_files import read_json


class Evaluation(Artifact[EvaluationManifest]):
    """A directory in ``evaluations/`` of a run, named by the settings: the run stays as it was sealed.

    Files: ``metrics.json``, with the keys of the run's own, and ``baselines/NAME.parquet`` for each baseline that the
    run has not sealed, with the columns of its ``ranks.parquet``; and that file where the run was sealed without its
    test.
    """

    kind = "evaluation"
    format_version = 1
    manifest_type = EvaluationManifest
    sealed = ("metrics.json",)

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.metrics_file = self.path / "metrics.json"
        self.ranks_file = self.path / "ranks.parquet"
        self.baselines_dir = self.path / "baselines"

    @property
    def metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = read_json(self.metrics_file)
        return metrics
