"""Stages whose results MLflow is sent, unless tracking is off; what cannot be sent is told, for the work is done."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.outcome import Outcome
    from recsys.artifacts.run import Run
    from recsys.bundle import Bundle
    from recsys.config import Config


def export(
    run: "Run", dataset: "Dataset", config: "Config", work_dir: Path, *, overwrite: bool
) -> "Outcome[list[Bundle]]":
    """As ``recsys.export.export``."""
    from recsys.export import export
    from recsys.tracking.upload.sync import sync_if_possible

    outcome = export(run, dataset, config.export, work_dir, overwrite=overwrite)
    if not outcome.reused:
        sync_if_possible(run, config.tracking, work_dir)
    return outcome
