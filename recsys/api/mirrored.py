"""Stages whose results MLflow is sent, unless tracking is off; what cannot be sent is told, for the work is done."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.outcome import Outcome
    from recsys.artifacts.run import Run
    from recsys.bundle import Bundle
    from recsys.config import Config
    from recsys.training.listeners import RunCallback, Steps


def train(
    config: "Config",
    dataset: "Dataset",
    work_dir: Path,
    *,
    callbacks: "Sequence[RunCallback]" = (),
    on_step: "Steps | None" = None,
    overwrite: bool,
    read_test: bool,
) -> "Outcome[Run]":
    """As ``recsys.training.stage.train``; MLflow is sent each epoch while it goes on."""
    from recsys.tracking.upload.callback import MlflowCallback
    from recsys.training import stage

    with MlflowCallback(config.tracking, work_dir) as mirror:
        return stage.train(
            config,
            dataset,
            work_dir,
            callbacks=[mirror, *callbacks],
            on_step=on_step,
            overwrite=overwrite,
            read_test=read_test,
        )


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
