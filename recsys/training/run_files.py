"""What a run directory says of a training: written when it begins, and sealed when it ends."""

import shutil
from typing import Any

import numpy as np
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.manifests import protocol
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.json_files import write_json
from recsys.core.mirror import with_urls
from recsys.core.publishing import appearing
from recsys.evaluation.plots import draw_plots
from recsys.evaluation.reporting import ABOUT
from recsys.models.cost import multiply_adds
from recsys.models.sasrec import SASRec
from recsys.models.weights import save_weights
from recsys.training.facts import Clock, code_facts, command_line, environment, now, peak_memory_bytes


def begin(run: Run, config: Config, dataset: Dataset, facts: dict[str, Any]) -> None:
    """Make the run directory; an unfinished one of the same digest keeps the facts that it began with.

    Args:
        facts: what the manifest says beside what is known here.
    """
    split = dataset.manifest.split
    known = {
        "seed": config.training.seed,
        "protocol": protocol(split, config.training.refit),
        "request_time": config.model.request_time,
        "dataset_digest": dataset.digest,
        "dataset_path": with_urls(dataset.path.resolve()),  # where to look first; the digest says whether it is it
        "dataset_counts": dataset.counts,
        "event_codes": dataset.codes.to_json(),
        "features": {name: one._asdict() for name, one in dataset.encoders.fingerprints().items()},
        "forgotten": len(dataset.forgotten),
        "table_size": dataset.vocabulary.table_size,
        "vocabulary_digest": dataset.vocabulary.digest,
        "started": now(),
    }
    Run.create(run.path, config.to_json(), {**facts, **known, **code_facts(), "command": command_line()})
    if not run.environment_file.exists():
        with appearing(run.environment_file) as aside:
            aside.write_text(environment(), encoding="utf-8")
    run.checkpoint_dir.mkdir(exist_ok=True)


def seal(run: Run, model: SASRec, dataset: Dataset, metrics: dict[str, Any], ranks: pd.DataFrame, clock: Clock) -> None:
    """Write what the training has made, and finish the run.

    Args:
        metrics: of the evaluation, which has written its baselines; the manifest's protocol and the like are added.
        ranks: one row a target.
    """
    manifest = run.manifest
    save_weights(model, run.weights_file)
    ranks.to_parquet(run.ranks_file, index=False)
    known = {name: getattr(manifest, name) for name in ABOUT}
    write_json(run.metrics_file, {**known, **metrics})
    draw_plots(run, dataset, model)
    run.finish(
        {
            "finished": now(),
            "wall_seconds": clock.wall,
            "cpu_seconds": clock.cpu,
            "peak_memory_bytes": peak_memory_bytes(),
            "parameters": sum(int(np.prod(variable.shape)) for variable in model.trainable_variables),
            "multiply_adds": multiply_adds(model.config),
        }
    )
    shutil.rmtree(run.checkpoint_dir, ignore_errors=True)
