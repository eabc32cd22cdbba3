"""What each step does to what it is given, whichever way that comes to it and goes on.

``read`` a block → ``merge`` a partition of the catalog → ``clean`` a bucket of users → ``fit`` core and
vocabulary → ``write`` a bucket as a shard. ``file_steps`` passes files between them, ``engine_steps`` messages. Every
step may run twice, and gives the same each time. Each returns its counts as a JSON object; no runner's own metrics are
relied on.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import EVENTS_DIR, FEATURES_DIR, ITEMS_FILE, REJECTS_DIR, RELATIONS_FILE, SEQUENCES_DIR
from recsys.core.publishing import appearing
from recsys.core.schema import EVENT_ID, EVENT_TYPE, TIMESTAMP, TYPES, VALUE, VALUES, WEIGHTS
from recsys.core.vocabulary import bucket_ids
from recsys.log.blocks import LogBlock
from recsys.log.columns import source_columns
from recsys.log.event_types import filter_types, type_codes, type_weights, types_met
from recsys.log.formats import Reject, read_block
from recsys.log.rejects import write_rejects
from recsys.log.validation import validate
from recsys.preparation.diagnostics.stats import bucket_stats
from recsys.preparation.exchange.arrow import hash_array
from recsys.preparation.exchange.bucket import Bucket, clean_bucket, write_shard
from recsys.preparation.exchange.event_store import read_stored, store_events
from recsys.preparation.exchange.shuffle_read import Columns
from recsys.preparation.exchange.spill import Partitioned, partition_events
from recsys.preparation.items.described import append_described, fit_features, keep_described, lacking_items
from recsys.preparation.items.table import join_known, read_items
from recsys.preparation.job import Job
from recsys.preparation.relation_sources import find_relations
from recsys.preparation.rules.k_core import Events, lasting_users
from recsys.preparation.rules.splits import part_bounds, split_bounds, split_parts
from recsys.preparation.user_deletion import drop_users
from recsys.preparation.vocabulary_fit import COLD, COLD_USER, CORE, DROP_REASONS, KEPT, VocabularyFit, number_items

Result = dict[str, Any]
Ids = npt.NDArray[np.int32]
Reasons = npt.NDArray[np.uint8]


def read_events(job: Job, block: LogBlock) -> tuple[Partitioned, Result]:
    """Parse, validate, filter and partition one block; its refused rows are written."""
    job.check_disk()
    rejects: list[Reject] = []
    if block.stored:
        events = read_stored(block)
    else:
        whole = frozenset({EVENT_ID} if job.data.timestamp_unit == "iso8601" else {EVENT_ID, TIMESTAMP})
        raw = read_block(block, source_columns(job.data), whole)
        events, rejects = validate(raw, job.data.timestamp_unit, block.origin, job.data.null_values)
    result: Result = {"number": block.number, "stored": block.stored, "events": len(events)}
    dropped: dict[str, int] = {}
    if not block.stored:
        result["types"] = types_met(events, job.data.event_types)
        events, dropped = filter_types(events, job.data.event_types)
    events, forgotten = drop_users(events, job.forgotten)
    if len(job.forgotten):  # a refused row may hold the name of a user who is to be forgotten
        rejects = [replace(one, text="") for one in rejects]
        dropped["forgotten"] = sum(forgotten.values())
    parts = partition_events(events, job.buckets, job.cap)
    if job.cap is not None:
        dropped["over_max_user_events"] = parts.over
    with job.output(f"{REJECTS_DIR}/block-{block.number:05d}.parquet") as path:
        write_rejects(rejects, path)
    rejected = dict(Counter(one.reason for one in rejects))
    return parts, {**result, "rejected": rejected, "dropped": dropped, "forgotten": sorted(forgotten)}


def clean_events(
    job: Job,
    number: int,
    gathered: tuple[pa.Array, Columns, int],
    names: pa.ChunkedArray,
    item_hashes: npt.NDArray[np.uint64],
) -> tuple[Bucket, Result]:
    """Order and clean one bucket of users; its events are kept as they came where they are to be.

    Args:
        gathered: of ``gather``.
        names: external ids by the codes that the events have, which follow the order of the catalog's.
        item_hashes: as ``names``.
    """
    users, events, over = gathered
    if job.config.keep_events:
        with job.output(shard_name(EVENTS_DIR, number)) as path:
            store_events(users, events, names, path)
    if job.data.event_types:
        events[WEIGHTS] = type_weights(events[EVENT_TYPE], job.data.event_types)
        events[TYPES] = type_codes(events[EVENT_TYPE], job.codes)
    if VALUE in events:
        events[VALUES] = events[VALUE]
    bucket, dropped = clean_bucket(users, events, item_hashes, job.policy, job.config.bots, job.past_until)
    if job.cap is not None:
        dropped["over_max_user_events"] = over
    return bucket, {"number": number, "events": len(bucket.items), "dropped": dropped}


def number_vocabulary(job: Job, names: pa.ChunkedArray, chosen: VocabularyFit) -> tuple[Ids, Reasons, Result]:
    """Number the chosen items, and write the item table with all that goes with it.

    Returns:
        The internal id of each item and why its events are dropped, ``[items]`` by catalog code, and the counts.
    """
    ids, table = number_items(names, chosen.counts, job.prior_items)
    drop_reasons = chosen.drop_reasons
    if job.config.oov_buckets:
        # An item of the vocabulary that is extended may be out now.
        outside = np.flatnonzero(drop_reasons != KEPT)
        hashes = hash_array(names.take(pa.array(outside)).combine_chunks())
        ids[outside] = bucket_ids(hashes, len(table), job.config.oov_buckets)
    fitted = len(table)
    told: Result = {}
    items = None
    if job.data.items is not None:
        items = read_items(job.data.items, job.data.null_values)
        told["lacking"] = lacking_items(table, items.keys)
        if items.features:
            table = append_described(table, items.keys)
            ids, drop_reasons = keep_described(table, names, drop_reasons)
            with job.output(FEATURES_DIR) as directory:
                fit_features(table, items, job.data.items, directory, job.prior_features)
        table = join_known(table, job.data.items, items)
    _write_table(job, table, ITEMS_FILE)
    if (found := find_relations(table, job.data, items)) is not None:
        told["relations"] = found.counts
        _write_table(job, found.table, RELATIONS_FILE)
    result = {
        "number": 0,
        "items": int(np.count_nonzero(chosen.counts)),
        "described_items": len(table) - fitted,
        "cold_items": int(np.count_nonzero(drop_reasons == COLD)),
        "rounds": chosen.rounds,
        **told,
    }
    return ids, drop_reasons, result


def _write_table(job: Job, table: pa.Table, name: str) -> None:
    with job.output(name) as path, appearing(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def fitted_events(bucket: Bucket, job: Job) -> Events:
    """The events that decide core and vocabulary: all, or those that train."""
    if job.config.fit_on == "all":
        return Events(bucket.items, bucket.offsets)
    train_end, _ = bounds_of(bucket, job)
    train = np.arange(len(bucket.items)) < (bucket.offsets[:-1] + train_end)[bucket.owners]
    return Events(bucket.items[train], np.concatenate([[0], np.cumsum(train_end)]))


def bounds_of(bucket: Bucket, job: Job) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """``split_bounds`` of a bucket's users."""
    return split_bounds(bucket.offsets, bucket.timestamps, bucket.target_mask, job.config)


def write_bucket(job: Job, number: int, bucket: Bucket, ids: Ids, drop_reasons: Reasons) -> Result:
    """Write one bucket's users as a shard."""
    keep_unknown = job.config.oov_buckets > 0
    fitted = fitted_events(bucket, job)
    lasting = lasting_users(fitted, drop_reasons == KEPT, job.config.k_core, keep_unknown)[bucket.owners]
    cold = (np.diff(fitted.offsets) == 0)[bucket.owners]
    drop_reason = np.zeros(len(bucket.items), np.uint8) if keep_unknown else drop_reasons[bucket.items]
    drop_reason = np.where(cold, COLD_USER, np.where((drop_reason == KEPT) & ~lasting, CORE, drop_reason))
    kept = drop_reason == KEPT
    parts = split_parts(bucket.offsets, *bounds_of(bucket, job))[kept]
    bucket = bucket.keep(kept)
    if job.config.fit_on == "train":
        train_end, validation_end = part_bounds(bucket.offsets, parts)
    else:
        train_end, validation_end = bounds_of(bucket, job)
    bucket = replace(bucket, items=ids[bucket.items])
    with job.output(shard_name(SEQUENCES_DIR, number)) as path:
        write_shard(bucket, train_end, validation_end, path)
    tally = np.bincount(drop_reason, minlength=len(DROP_REASONS))
    return {
        "number": number,
        "users": len(bucket.users),
        "cold_users": int(np.count_nonzero(np.diff(fitted.offsets) == 0)),
        "events": len(bucket.items),
        "train": int(train_end.sum()),
        "validation": int((validation_end - train_end).sum()),
        "dropped": {DROP_REASONS[i]: int(count) for i, count in enumerate(tally) if i != KEPT and count},
        "stats": bucket_stats(bucket, train_end, validation_end, 60_000 * job.config.session_gap_minutes),
    }


def shard_name(directory: str, number: int) -> str:
    """How the file of a bucket is called in the dataset."""
    return f"{directory}/{number:05d}.parquet"
