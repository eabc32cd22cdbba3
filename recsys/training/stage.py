"""Dataset → run: train, choose by validation, read the test once, seal. Light to import: TensorFlow comes with work."""

from collections.abc import Sequence
from pathlib import Path

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.outcome import Outcome
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.data import data_name
from recsys.core.digests import digest
from recsys.core.locks import claimed
from recsys.core.schema import RUNS_DIR
from recsys.storage.copies import make_anew, send
from recsys.training.listeners import RunCallback, Steps
from recsys.training.warm_start import finished

# Part of every run's digest: raise it when the same config would make another run.
TRAINING_VERSION = 11

# What of the evaluation decides the weights, for it chooses the epoch; all else is read off them (``report``).
CHOOSING = ("filter_seen", "validation_users")


def config_digest(config: Config, dataset_digest: str) -> str:
    """What runs that differ in nothing but the seed share."""
    sections = {name: config.to_json()[name] for name in ("model", "training")}
    del sections["training"]["seed"]
    sections["evaluation"] = {key: getattr(config.evaluation, key) for key in CHOOSING}
    begun_with = sections["training"].pop("warm_start")
    if begun_with is not None:
        sections["training"]["warm_start"] = finished(Path(begun_with)).weights_digest
    return digest({**sections, "dataset": dataset_digest, "version": TRAINING_VERSION})


def run_of(config: Config, dataset: Dataset, work_dir: Path) -> Run:
    """The run that ``config`` makes of ``dataset``, trained or not."""
    known = {"config": config_digest(config, dataset.digest), "seed": config.training.seed}
    return Run(work_dir / RUNS_DIR / digest(known))


def train(
    config: Config,
    dataset: Dataset,
    work_dir: Path,
    *,
    callbacks: Sequence[RunCallback] = (),
    on_step: Steps | None = None,
    overwrite: bool = False,
    name: str | None = None,
    read_test: bool = True,
) -> Outcome[Run]:
    """Train ``config`` on ``dataset``, or find the run that did; an interrupted one goes on where it was.

    Args:
        name: what people call the run; by default the data's name and the digest's beginning.
        read_test: whether a run that is yet to be trained reports the test; where it is only one to choose from, it
            should not: ``recsys.evaluation.reporting.report`` reads it later.

    Raises:
        RecsysError: the data holds nothing to learn from, or the loss diverged.
        ConfigError: another process is training this very run, ``TF_CONFIG`` cannot be understood, or
            ``training.warm_start`` names a run that cannot be begun with.
    """
    run = run_of(config, dataset, work_dir)
    if run.is_finished and not overwrite:
        send(run.path)  # unless it is in its store already
        return Outcome(run, reused=True)
    dataset.verify()
    from recsys.training.phases import Training
    from recsys.training.workers import join

    workers = join()
    training = Training(config, dataset, run, workers)
    if not workers.is_chief:
        workers.barrier()  # the chief has begun the run, or cleared it to begin again
        training.follow(on_step)
        return Outcome(run, reused=False)
    data = data_name(config.data.name, config.data.path)
    facts = {"name": name or f"{data}-{run.path.name[:8]}-s{config.training.seed}"}
    facts |= {"digest": run.path.name, "config_digest": config_digest(config, dataset.digest)}
    run.path.mkdir(parents=True, exist_ok=True)
    with claimed(run.path, f"training {run.path.name}"):
        if overwrite:
            make_anew(run.path)
            run.clear()
        elif run.is_finished:  # by another process, since it was looked at
            return Outcome(run, reused=True)
        training.lead(facts, callbacks, on_step, read_test=read_test)
    send(run.path, overwrite=overwrite)
    return Outcome(run, reused=False)
