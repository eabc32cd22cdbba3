"""Items added to a finished run without training: their vectors are what the model has learned of their features.

They come after all others, so no id moves, and what a phone holds already stays as it is: a delta carries just them.
Those that last night's bundles have as well come first, in the order that they have there. What has left the table
since keeps its row, with the vector that it had: what users did with it still tells something.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.config.data import DataConfig, ItemTableConfig
from recsys.core.errors import ConfigError, DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, TITLE
from recsys.export.new_items.last_night import AddedBefore, added_before
from recsys.export.new_items.new_relations import NO_ENTRIES, Entries, longer, related_by_texts
from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import Column
from recsys.models.items import FeaturedItems, TrainedItems, shapes_of
from recsys.models.loading import load_unfolded
from recsys.models.memory import TransitionMemory
from recsys.models.sasrec import SASRec, folded
from recsys.preparation.items.described import append_described
from recsys.preparation.items.table import join_metadata, read_items
from recsys.terminal import say

HOLD = 1e-6  # numbers of a vector that differ by no more are rounded otherwise, and mean the same


class ExtendedDataset(Dataset):
    """A dataset with further items after its own, which nobody has touched.

    Args:
        new: their rows of the item table, as ``Dataset.items`` has them.
    """

    def __init__(self, path: Path, new: pd.DataFrame) -> None:
        super().__init__(path)
        self._new = new

    @cached_property
    def items(self) -> pd.DataFrame:
        known = Dataset(self.path).items
        return pd.concat([known, self._new.reindex(columns=known.columns)], ignore_index=True)


class Extended(NamedTuple):
    """A model and a dataset that know ``new`` items more than they were trained and prepared with."""

    model: SASRec
    dataset: Dataset
    new: int


def add_items(run: Run, dataset: Dataset, path: Path, since: Iterable[Bundle] = ()) -> Extended:
    """The items of the table at ``path`` that ``run`` does not know yet, added to what it does; the others stay.

    Args:
        since: last night's bundles; what was added to them keeps its rows, and what is newer comes after.

    Raises:
        ConfigError: the run's model reads no features.
        DataError: the table cannot be used, or lacks a column that the model reads.
        ArtifactError: the run is damaged.
    """
    data = recorded(DataConfig, run, "data")
    if data.items is None or not data.items.features or dataset.features_dir is None:
        raise ConfigError(
            f"export.items: the model of {run.path} reads no features, so it knows nothing of items that nobody has "
            "touched; train with data.items.features"
        )
    source = data.items.model_copy(update={"path": path, **({"title": TITLE} if data.name else {})})
    before = added_before(since, dataset.vocabulary, run.digest)
    found = _new_rows(dataset, source, data.null_values, before)
    gone = int(found.gone.sum())
    say(
        f"export: {len(found.rows) - gone:,} items of {path} came after training, "
        f"{len(found.rows) - len(before.names):,} of them since last night; {found.known:,} were trained, and stay as "
        f"they are{f'; {gone:,} of last night that it lacks stay as they were' if gone else ''}"
    )
    try:
        encoded = dataset.encoders.encode(found.features)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    model = load_unfolded(run)
    if not len(found.rows):
        return Extended(folded(model), dataset, 0)
    entries = related_by_texts(data, dataset, found.rows) if model.relations is not None else NO_ENTRIES
    extended = _extended(model, encoded, before, found.gone, entries)
    return Extended(extended, ExtendedDataset(dataset.path, found.rows), len(found.rows))


class _Found(NamedTuple):
    """What an item table says of the items that are new.

    Attributes:
        rows: as ``Dataset.items`` has them, those that were added before first.
        features: of the same.
        gone: ``[rows] bool``, which of them it does not name any more.
        known: how many others it names.
    """

    rows: pd.DataFrame
    features: dict[str, Column]
    gone: npt.NDArray[np.bool_]
    known: int


def _new_rows(dataset: Dataset, source: ItemTableConfig, nulls: tuple[str, ...], before: AddedBefore) -> _Found:
    items = read_items(source, nulls)
    known = len(dataset.vocabulary)
    names = [*dataset.vocabulary.external_ids, *before.names]
    own = {
        ITEM: pa.array(np.arange(1, len(names) + 1, dtype=np.int32)),
        EXTERNAL_ID: pa.array(names, pa.string()),
        COUNT: pa.array(np.zeros(len(names), np.int64)),
    }
    new = append_described(pa.table(own), items.keys).slice(known)
    rows = pc.index_in(new.column(EXTERNAL_ID).combine_chunks(), value_set=items.keys)
    gone = np.asarray(rows.is_null())
    table = join_metadata(new, source, items).to_pandas()
    for column in before.columns.keys() & set(table.columns):
        table[column] = _with_texts(table[column], np.flatnonzero(gone), before.columns[column])
    return _Found(table, items.take(rows), gone, len(items.keys) - int((~gone).sum()))


def _with_texts(column: "pd.Series[Any]", places: npt.NDArray[np.int64], texts: Sequence[str]) -> "pd.Series[Any]":
    """``column``, and at the ``places`` what bundles have of it: texts, empty where there is nothing."""
    values = pd.Series([texts[place] or None for place in places], places, object)
    if pd.api.types.is_numeric_dtype(column):
        values = pd.to_numeric(values, errors="coerce")
    return values.combine_first(column) if len(places) else column


def _extended(
    model: SASRec,
    new: Sequence[EncodedFeature],
    before: AddedBefore,
    gone: npt.NDArray[np.bool_],
    entries: Entries,
) -> SASRec:
    """``model`` with a row of its item table and one of its memory for each of the ``new`` items."""
    items, count = model.items, len(new[0].rows)
    assert isinstance(items, FeaturedItems), "its run has features"
    fresh = FeaturedItems(1 + count, items.width, shapes_of(new))
    fresh.describe([one.inside(1 + count) for one in new], np.zeros(1 + count, np.bool_))
    fresh.learn_as(items)
    table = TrainedItems(items.rows + count, items.width, drawn=False)
    table.assign(np.concatenate([items.vectors(), _held(fresh.vectors()[1:], before.vectors, gone)]))
    events, memory = model.events.over(table, model.events.positions), None
    if model.memory is not None and model.transitions is not None:
        transitions = longer(model.transitions, model.relations, count, entries)
        memory = TransitionMemory(model.memory.attention, transitions, table.rows)
    return SASRec(model.config, events, model.blocks, model.final_norm, memory)


def _held(
    vectors: npt.NDArray[np.float32], before: npt.NDArray[np.float32] | None, gone: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """``vectors [n, width]``, the first of them as they were ``before`` where they are ``gone``, or nearly the same.

    How many items are computed at once may change their last digits, and a delta would carry all of them.
    """
    if before is None:
        return vectors
    first = slice(len(before))
    stay = gone[first] | np.isclose(vectors[first], before, atol=HOLD).all(1)
    vectors[first] = np.where(stay[:, None], before, vectors[first])
    return vectors
