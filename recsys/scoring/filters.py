"""What may be shown, and to whom: files that narrow a scoring, cut by users as a dataset's shards are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.core.digests import sha256_file
from recsys.core.errors import DataError
from recsys.log.files import delimiter_of, format_of
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.preparation.exchange.arrow import hash_array, read_batch, write_batches

ROWS = 1 << 20  # of a table that are held at once


@dataclass(frozen=True)
class Filters:
    """Files that narrow what is shown; each a table, CSV or Parquet, that names its columns as the log does.

    Attributes:
        items: the items that may be shown; None is all of them.
        exclude: a user and an item a row, that this user must not see.
        match: a column of the item table, and a file that gives users their value of it: they see items that have it.
    """

    items: Path | None = None
    exclude: Path | None = None
    match: tuple[str, Path] | None = None

    def to_json(self) -> dict[str, Any]:
        """What the filters are made of: SHA-256 of each file.

        Raises:
            DataError: no such file.
        """
        match = None if self.match is None else [self.match[0], _digest(self.match[1])]
        return {"items": _digest(self.items), "exclude": _digest(self.exclude), "match": match}


def _digest(path: Path | None) -> str | None:
    if path is not None and not path.is_file():
        raise DataError(f"{path}: no such file; it narrows what is shown, see recsys score --help")
    return None if path is None else sha256_file(path)


def shown_items(path: Path | None, dataset: Dataset) -> tuple[npt.NDArray[np.int32], int]:
    """The internal ids, ascending, of the items that the table at ``path`` lists, and how many others it does.

    Raises:
        DataError: it cannot be read, or lists none that the dataset knows.
    """
    names = dataset.external_ids
    if path is None:
        return np.arange(1, len(names) + 1, dtype=np.int32), 0
    columns = dataset.manifest.inputs.data
    name, also = columns["columns"]["item"], (columns.get("items") or {}).get("item")
    listed = [batch[0].unique() for batch in read_columns(path, [(name, also or name)])]
    distinct = pa.chunked_array(listed, pa.string()).unique()
    found = pc.index_in(distinct, value_set=names).drop_null().to_numpy()
    if not len(found):
        raise DataError(f"{path}: lists {len(distinct):,} items, none of which {dataset.path} knows")
    return np.sort(found).astype(np.int32) + 1, len(distinct) - len(found)


def cut_by_users(path: Path, columns: tuple[str, str], shards: int, directory: Path) -> int:
    """Write the pairs of a table whose first column holds users, for ``pairs_of_shard`` to find; returns how many.

    Raises:
        DataError: the table cannot be read, or has no such columns.
    """
    directory.mkdir()
    total = 0
    for number, (users, others) in enumerate(read_columns(path, [(name, name) for name in columns])):
        shard = hash_array(users) % np.uint64(shards)
        order = np.argsort(shard, kind="stable")
        edges = np.searchsorted(shard[order], np.arange(shards + 1))
        batch = pa.record_batch({"user": users, "other": others}).take(pa.array(order))
        parts = [batch.slice(edges[s], edges[s + 1] - edges[s]) for s in range(shards)]
        write_batches(directory / f"{number:05d}.arrow", parts)
        total += len(batch)
    return total


def pairs_of_shard(
    directory: Path, shard: int, users: pa.Array, others: pa.Array
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The pairs of a shard's ``users``: each one's place, and the place of what it is paired with among ``others``, −1
    of what is not there.
    """
    batches = [read_batch(file, shard) for file in sorted(directory.glob("*.arrow"))]
    table = pa.Table.from_batches(batches) if batches else pa.table({"user": users[:0], "other": others[:0]})
    owners, places = (
        pc.fill_null(pc.index_in(table.column(name), value_set=known), -1).to_numpy().astype(np.int64)
        for name, known in (("user", users), ("other", others))
    )
    known = owners >= 0
    return owners[known], places[known]


def read_columns(path: Path, columns: list[tuple[str, str]]) -> Iterator[list[pa.Array]]:
    """Some columns of a table as text, a batch at a time; rows that lack one of them are left out.

    Args:
        columns: the name of each, or another that it may have.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    kind = format_of(path)
    if kind == "jsonl":
        raise DataError(f"{path}: expected a table in CSV or Parquet, found JSON Lines; convert it")
    try:
        yield from _parquet(path, columns) if kind == "parquet" else _csv(path, columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None


def _parquet(path: Path, columns: list[tuple[str, str]]) -> Iterator[list[pa.Array]]:
    with pq.ParquetFile(path) as file:
        names = _present(path, columns, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS, columns=names):
            yield _as_text(batch, names)


def _csv(path: Path, columns: list[tuple[str, str]]) -> Iterator[list[pa.Array]]:
    parse = pacsv.ParseOptions(delimiter=delimiter_of(path), newlines_in_values=True)
    with pa.input_stream(str(path), compression="detect") as stream:
        header = pacsv.open_csv(stream, parse_options=parse).schema.names
    names = _present(path, columns, header)
    convert = pacsv.ConvertOptions(
        include_columns=names,
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],  # NA is a country
    )
    with pa.input_stream(str(path), compression="detect") as stream:
        for batch in pacsv.open_csv(stream, parse_options=parse, convert_options=convert):
            yield _as_text(batch, names)


def _present(path: Path, columns: list[tuple[str, str]], names: list[str]) -> list[str]:
    found = [next((name for name in either if name in names), None) for either in columns]
    missing = [columns[place][0] for place, name in enumerate(found) if name is None]
    if missing:
        raise DataError(
            f"{path}: has no column {', '.join(missing)}, only {', '.join(names)}; name columns as the log does"
        )
    return [name for name in found if name is not None]


def _as_text(batch: pa.RecordBatch, names: list[str]) -> list[pa.Array]:
    texts = [ids_as_text(without_dictionary(batch.column(name)))[0] for name in names]
    whole = pc.is_valid(texts[0])
    for text in texts[1:]:
        whole = pc.and_(whole, pc.is_valid(text))
    return [text.filter(whole) for text in texts]
