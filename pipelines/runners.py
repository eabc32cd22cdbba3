"""Where a pipeline runs."""

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apache_beam import Pipeline

SMALL = 2_000_000  # rows up to which starting more processes costs more than it saves


@dataclass(frozen=True)
class Runner:
    """Which Beam runner, and how.

    Attributes:
        name: ``local`` (Beam's FnApiRunner on this machine), or any runner's name as Beam knows it.
        workers: processes of the local runner; None chooses by the size of the job.
        options: further Beam options, as on its command line.
    """

    name: str = "local"
    workers: int | None = None
    options: tuple[str, ...] = ()

    def pipeline(self, rows: int) -> "Pipeline":
        """An empty pipeline on this runner, for a job of so many rows."""
        logging.disable(logging.WARNING)  # Beam's advice on what is not installed
        from apache_beam import Pipeline
        from apache_beam.options.pipeline_options import PipelineOptions

        if self.name != "local":
            return Pipeline(options=PipelineOptions([f"--runner={self.name}", *self.options]))
        from apache_beam.runners.portability.fn_api_runner import FnApiRunner

        workers = self.workers or (1 if rows < SMALL else len(os.sched_getaffinity(0)))
        mode = "in_memory" if workers == 1 else "multi_processing"
        options = [f"--direct_running_mode={mode}", f"--direct_num_workers={workers}", *self.options]
        return Pipeline(runner=FnApiRunner(), options=PipelineOptions(options))
