"""What a finished dataset says of itself: statistics, the report, its manifest."""

from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq

from recsys.artifacts.dataset import ITEMS_FILE, REPORT_FILE, SEQUENCES_DIR, STATS_FILE, Dataset, dataset_digest
from recsys.core.artifact import file_hashes
from recsys.core.digests import digest
from recsys.core.events.codes import EventCodes
from recsys.core.json_files import write_json
from recsys.core.schema import COUNT, MANIFEST
from recsys.preparation.diagnostics.report import write_report
from recsys.preparation.diagnostics.stats import count_trained, merge_stats, trained_values
from recsys.preparation.job import Job
from recsys.preparation.rules.value_buckets import fit_value_edges


def codes_of(job: Job, extends: Dataset | None) -> EventCodes:
    """What stands for types and values; an extended dataset's buckets stay, as its item ids do."""
    if job.data.columns.value is None:
        return job.codes
    if extends is not None and extends.codes.value_edges:  # () has learned nothing: the column was empty
        return replace(job.codes, value_edges=extends.codes.value_edges)
    shards = sorted((job.target / SEQUENCES_DIR).glob("*.parquet"))
    return replace(job.codes, value_edges=fit_value_edges(lambda: trained_values(shards)))


def describe(
    job: Job, counts: dict[str, Any], stats: list[dict[str, Any]], inputs: dict[str, Any], codes: EventCodes
) -> None:
    """Write what tells of the shards: statistics, the report and, last of all, the manifest.

    Args:
        counts: of rows and events, by what became of them.
        stats: of each shard.
        inputs: what the dataset is made of.
    """
    target = job.target
    item_counts = pq.read_table(target / ITEMS_FILE, columns=[COUNT]).column(0).to_numpy()
    trained = count_trained(sorted((target / SEQUENCES_DIR).glob("*.parquet")), len(item_counts))
    merged = merge_stats(stats, item_counts, trained)
    write_json(target / STATS_FILE, merged)
    write_report(counts, merged, item_counts, target / REPORT_FILE)
    hashes = file_hashes(target)
    manifest = {
        **Dataset.heading(),
        "config_digest": digest(inputs),
        "dataset_digest": dataset_digest(counts, hashes, codes.to_json()),
        "counts": counts,
        "cleaning": job.policy.to_json(),
        "event_codes": codes.to_json(),
        "oov": {"buckets": job.config.oov_buckets},
        "split": job.config.split,
        "forgotten_key": job.forgotten.fingerprint,
        "inputs": {name: inputs[name] for name in ("log", "items", "relations", "data", "prepare", "extends")},
        "files": hashes,
    }
    write_json(target / MANIFEST, manifest)
