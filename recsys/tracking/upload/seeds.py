"""Several seeds of one config in MLflow: a run above theirs with the mean and the deviation of what they reached."""

from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from recsys.artifacts.run import Run
from recsys.core.locks import exclusive
from recsys.tracking.store import names
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

SEEDS_TAG = "recsys.seeds_of"  # of the run above: the config and the dataset of those below
_SHOWN = ("best/", "test/")


def update_seed_run(store: Store, run: Run, lock: Path) -> None:
    """Bring the run above ``run`` and its seeds up to date; there is none above one seed, or above a sweep's trials.

    Args:
        lock: a directory that whoever sends a run of the same work directory locks, too.
    """
    manifest = run.manifest
    with exclusive(lock):
        children = _children(store, manifest.config_digest, manifest.dataset_digest, manifest.protocol)
        if len(children) < 2:
            return
        key = f"{manifest.config_digest} {manifest.dataset_digest} {manifest.protocol}"
        found = store.client.search_runs([store.experiment_id], f"tags.`{SEEDS_TAG}` = '{key}'", max_results=1)
        above = (
            found[0]
            if found
            else store.client.create_run(store.experiment_id, children[0].info.start_time, {SEEDS_TAG: key})
        )
        parent = str(above.info.run_id)
        for child in children:
            if child.data.tags.get(record.PARENT_TAG) != parent:
                store.client.set_tag(child.info.run_id, record.PARENT_TAG, parent)
        _summarize(store, parent, run, children)


def _children(store: Store, config: str, dataset: str, protocol: str) -> "list[MlflowRun]":
    """The complete runs of one config that no sweep tried, a seed each, by seed."""
    conditions = {
        record.CONFIG_TAG: config,
        record.DATASET_TAG: dataset,
        record.PROTOCOL_TAG: protocol,
        record.STATE_TAG: record.COMPLETE,
    }
    text = " and ".join(f"tags.`{tag}` = '{value}'" for tag, value in conditions.items())
    found = store.client.search_runs([store.experiment_id], text)
    by_seed = {run.data.tags[record.SEED_TAG]: run for run in found if record.SWEEP_TAG not in run.data.tags}
    return [by_seed[seed] for seed in sorted(by_seed, key=int)]


def _summarize(store: Store, parent: str, run: Run, children: "list[MlflowRun]") -> None:
    from mlflow.entities import Metric, RunTag

    # Where some had their test read, title and means speak of those: a mean over all would stand beside theirs.
    read = [child for child in children if any(key.startswith("test/") for key in child.data.metrics)]
    children = read if len(read) > 1 else children
    values: dict[str, list[float]] = defaultdict(list)
    for child in children:
        for key, value in child.data.metrics.items():
            if key.startswith(_SHOWN):
                values[key].append(value)
    # Of two values of one step MLflow shows that of the later time: that of more seeds, whichever ended last.
    when = max(child.info.end_time or child.info.start_time for child in children) + len(children)
    whole = {key: of for key, of in values.items() if len(of) == len(children)}  # not a mean over some of them
    metrics = [Metric(key, fmean(of), when, 0) for key, of in whole.items()]
    metrics += [Metric(f"{key}_std", stdev(of), when, 0) for key, of in whole.items()]
    seeds = ", ".join(child.data.tags[record.SEED_TAG] for child in children)
    title = f"{record.data_name(children[0].data.params)}-{run.manifest.config_digest[:6]}, seeds {seeds}"
    note = f"Means over seeds {seeds}, and beside them, as `_std`, their sample standard deviations."
    tags = {"mlflow.runName": names.value(title, names.NAME_LENGTH), "mlflow.note.content": note}
    store.client.log_batch(parent, metrics=metrics, tags=[RunTag(*tag) for tag in tags.items()])
    store.client.set_terminated(parent, "FINISHED", when)
