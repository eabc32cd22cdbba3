"""Parts of a scoring, each by itself on any machine: the users of a shard, or a range of the items.

TensorFlow is imported where a part runs, not where it is planned.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.item_texts import item_texts, values_of
from recsys.artifacts.list_column import lists
from recsys.artifacts.run import Run
from recsys.core.errors import DataError
from recsys.core.events.codes import EventCodes
from recsys.core.publishing import appearing
from recsys.core.schema import ITEM, ITEMS, USER
from recsys.features.vector import directions
from recsys.log.values.identifiers import ids_as_text
from recsys.scoring.filters import pairs_of_shard
from recsys.scoring.item_index import ItemIndex
from recsys.scoring.recommend import ALL, NOTHING, Allowed, Pairs, TopItems, recommend
from recsys.scoring.related import RELATED, directed, related

if TYPE_CHECKING:
    from recsys.scoring.query_encoder import QueryEncoder

SHOWN_FILE, EXCLUDE_DIR, MATCH_DIR = "shown.npy", "exclude", "match"


@dataclass(frozen=True)
class ScoreJob:
    """A scoring.

    Attributes:
        run, dataset: what is scored with what.
        target: the directory of the parts.
        filters: a directory that all workers share: which items are shown, and what is excluded or matched, by shard.
        k: items a list.
        filter_seen: leave out what a user has touched.
        match: the column of the item table whose value an item must share with the user; None where none is.
    """

    run: Path
    dataset: Path
    target: Path
    filters: Path
    k: int
    filter_seen: bool
    match: str | None = None


def recommend_shard(job: ScoreJob, number: int) -> dict[str, Any]:
    """Write the best items of every user in shard ``number``, unless they are there.

    A model that reads times ranks for the moment of the log's newest event.

    Returns:
        ``number``, ``rows``, whether an ``earlier`` attempt wrote them, how many pairs of ``exclude`` and of ``match``
        had a use, and how many users are ``without`` any item that has their value.
    """
    target = job.target / f"{number:05d}.parquet"
    if target.exists():  # an earlier attempt came so far
        return {"number": number, "rows": pq.read_metadata(target).num_rows, "earlier": True}
    model, items = _model(job.run, job.filters), _items(job.dataset)
    sequences = Dataset(job.dataset).shard(number).recoded(model.codes)
    users = pa.array(sequences.users, pa.string())
    excluded, allowed, used = None, None, {}
    if (job.filters / EXCLUDE_DIR).exists():
        owners, places = pairs_of_shard(job.filters / EXCLUDE_DIR, number, users, items.names)
        known = places >= 0
        excluded = Pairs(owners[known], places[known].astype(np.int32) + 1)
        used["excluded"] = int(np.count_nonzero(known))
    if job.match is not None:
        allowed = _allowed(job, number, users, model.items)
        used["matched"] = int(np.count_nonzero(allowed.values >= 0))
        used["without"] = int(np.count_nonzero(allowed.values == NOTHING))
    ranked = recommend(
        model.encoder, model.items, sequences, job.k,
        filter_seen=job.filter_seen, now=items.now, excluded=excluded, allowed=allowed,
    )  # fmt: skip
    _write(target, USER, users, items.names, ranked)
    return {"number": number, "rows": len(users), "earlier": False, **used}


def related_items(job: ScoreJob, number: int) -> dict[str, Any]:
    """Write the items nearest to each of the range ``number`` of the items; returns as ``recommend_shard``."""
    target = job.target / f"{number:05d}.parquet"
    if target.exists():
        return {"number": number, "rows": pq.read_metadata(target).num_rows, "earlier": True}
    index, names = _vectors(job.run, job.filters), _items(job.dataset).names
    ids = np.arange(1 + number * RELATED, 1 + min((number + 1) * RELATED, len(names)), dtype=np.int32)
    _write(target, ITEM, names.take(pa.array(ids - 1)), names, related(index, ids, job.k))
    return {"number": number, "rows": len(ids), "earlier": False}


def _write(target: Path, name: str, owners: pa.Array, names: pa.Array, ranked: TopItems) -> None:
    listed = np.isfinite(ranked.scores)
    lengths = listed.sum(axis=1)
    table = pa.table(
        {
            name: owners,
            ITEMS: lists(lengths, names.take(pa.array(ranked.ids[listed] - 1))),
            "scores": lists(lengths, pa.array(ranked.scores[listed])),
        }
    )
    with appearing(target) as aside:  # two attempts, maybe on two machines, never share it
        pq.write_table(table, aside, compression="zstd")


def _allowed(job: ScoreJob, number: int, users: pa.Array, index: ItemIndex) -> Allowed:
    """What each user's value lets it see."""
    assert job.match is not None
    values, mask = _values(job.dataset, job.match, job.filters)
    owners, places = pairs_of_shard(job.filters / MATCH_DIR, number, users, values)
    of_users = np.full(len(users), ALL, np.int64)
    of_users[owners] = places
    if (of_users[owners] != places).any():
        user = users[int(owners[of_users[owners] != places][0])]
        raise DataError(f"match {job.match}: user {user} has two values; expected one a user")
    return Allowed(of_users, mask)


@lru_cache(maxsize=1)
def _values(dataset_path: Path, column: str, filters: Path) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The distinct values of a column of the items, and which of those that are shown have each: ``[values, m]``."""
    texts, shown = item_texts(Dataset(dataset_path), column), np.load(filters / SHOWN_FILE)
    each = [values_of(texts[number - 1]) for number in shown]
    flat, _ = ids_as_text(pa.array([value for values in each for value in values], pa.string()))  # as users' are
    encoded = flat.dictionary_encode()
    mask = np.zeros((len(encoded.dictionary), len(shown)), np.bool_)
    mask[encoded.indices.to_numpy(), np.repeat(np.arange(len(shown)), [len(values) for values in each])] = True
    return encoded.dictionary, mask


class _Model(NamedTuple):
    encoder: "QueryEncoder"
    items: ItemIndex
    codes: EventCodes


@lru_cache(maxsize=1)
def _model(run_path: Path, filters: Path) -> _Model:
    """The run's model and the items that it ranks, once a process."""
    from recsys.models.loading import load_run
    from recsys.scoring.query_encoder import QueryEncoder

    run = Run(run_path)
    model = load_run(run)
    index = ItemIndex.of(model, np.load(filters / SHOWN_FILE))
    return _Model(QueryEncoder(model), index, EventCodes.from_json(run.manifest.event_codes))


@lru_cache(maxsize=1)
def _vectors(run_path: Path, filters: Path) -> ItemIndex:
    """The items by their vectors' directions alone; those that have none are near nothing."""
    from recsys.models.loading import load_run

    vectors, shown = directions(load_run(Run(run_path)).trained_items.vectors()), np.load(filters / SHOWN_FILE)
    return ItemIndex(vectors, shown[directed(vectors[shown])])


class _Items(NamedTuple):
    names: pa.Array
    now: int


@lru_cache(maxsize=1)
def _items(dataset_path: Path) -> _Items:
    """The items' names, and when the log's newest event was."""
    dataset = Dataset(dataset_path)
    return _Items(dataset.external_ids, int(dataset.stats["last_event"]))
