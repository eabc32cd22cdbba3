"""MovieLens' archives, each with a layout of its own, to one event table and one item table."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv

from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, ITEM, TIMESTAMP, TITLE, USER

MAX_MEMBER_BYTES = 1 << 31
YEAR, GENRES, RATING = "year", "genres", "rating"
# The order of the flags in MovieLens-100K's u.item; every layout's genres are put into it.
# fmt: off
GENRE_ORDER = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)
# fmt: on
FLAGS = [genre for genre in GENRE_ORDER if genre != "IMAX"]


Film = tuple[str, str, str]  # id; title, with its year in brackets; genres, joined by |


class Layout(NamedTuple):
    """Where an archive keeps what, and how it writes it."""

    events: str
    items: str
    encoding: str  # of the items; events are digits
    delimiter: str  # of the events
    header_lines: int  # above the events
    read_items: Callable[[Iterable[str]], Iterator[Film]]


def normalize(layout: str, archive: Path, events: Path, items: Path) -> None:
    """Write ``events`` and ``items`` from an archive of ``layout``; equal data gives equal bytes.

    Raises:
        DataError: a member is missing, or not what the layout says.
    """
    inside = LAYOUTS[layout]
    with _open_member(archive, inside.events) as file:
        _write_events(file, inside.delimiter, inside.header_lines, events)
    with _open_member(archive, inside.items) as file:
        _write_items(inside.read_items(io.TextIOWrapper(file, encoding=inside.encoding, newline="")), items)


@contextmanager
def _open_member(archive: Path, name: str) -> Iterator[BinaryIO]:
    """A member of a zip archive, opened by its name: nothing is unpacked to the paths that an archive holds."""
    try:
        with zipfile.ZipFile(archive) as opened:
            size = opened.getinfo(name).file_size
            if size > MAX_MEMBER_BYTES:
                raise DataError(f"{archive}: member {name} claims {size} bytes, more than {MAX_MEMBER_BYTES}")
            with opened.open(name) as file:
                yield cast(BinaryIO, file)
    except KeyError:
        raise DataError(f"{archive}: no member {name}; the archive is not laid out as expected") from None
    except zipfile.BadZipFile as error:
        raise DataError(f"{archive}: damaged archive ({error})") from None


def _write_events(file: BinaryIO, delimiter: str, header: int, target: Path) -> None:
    if len(delimiter) > 1:  # Arrow splits at one character
        file, delimiter = io.BytesIO(file.read().replace(delimiter.encode(), b"\t")), "\t"
    names = [USER, ITEM, RATING, TIMESTAMP]
    integers: dict[str, Any] = {USER: pa.int64(), ITEM: pa.int64(), TIMESTAMP: pa.int64()}
    kinds = {**integers, RATING: pa.float32()}
    schema = pa.schema([*integers.items(), (EVENT_ID, pa.int64()), (RATING, pa.float32())])
    seen = 0
    with (
        pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=header, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(column_types=kinds, include_columns=list(kinds)),
        ) as reader,
        pyarrow.csv.CSVWriter(
            target, schema, write_options=pyarrow.csv.WriteOptions(quoting_style="none", quoting_header="none")
        ) as writer,
    ):
        for batch in reader:
            arrival = pa.array(np.arange(seen + 1, seen + 1 + len(batch)))
            *columns, ratings = batch.columns
            writer.write_batch(pa.record_batch([*columns, arrival, ratings], schema=schema))
            seen += len(batch)


def _write_items(rows: Iterable[Film], target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([ITEM, TITLE, YEAR, GENRES])
        for item, text, genres in rows:
            title, year = split_year(text)
            writer.writerow([item, title, year, "|".join(sorted(genres.split("|"), key=_genre_rank))])


def split_year(text: str) -> tuple[str, str]:
    """``("Toy Story", "1995")`` of ``"Toy Story (1995)"``; the year is empty where the text has none.

    The last four digits in brackets are the year; ``"… Great Giving (1995) (V)"`` keeps its ``(V)``.
    """
    years = list(re.finditer(r"\((\d{4})\)", text))
    if not years:
        return " ".join(text.split()), ""
    rest = text[: years[-1].start()] + text[years[-1].end() :]
    return " ".join(rest.split()), years[-1].group(1)


def _genre_rank(genre: str) -> int:
    return GENRE_ORDER.index(genre) if genre in GENRE_ORDER else len(GENRE_ORDER)


def _flagged(lines: Iterable[str]) -> Iterator[Film]:
    """``1|Toy Story (1995)|01-Jan-1995||http://…|0|0|0|1|…``"""
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r\n").split("|")
        if len(fields) != 5 + len(FLAGS):
            raise DataError(f"u.item, line {number}: expected {5 + len(FLAGS)} fields, found {len(fields)}")
        genres = [name for name, flag in zip(FLAGS, fields[5:], strict=True) if flag == "1"]
        yield fields[0], fields[1], "|".join(genres)


def _atomic(lines: Iterable[str]) -> Iterator[Film]:
    """``1<tab>Toy Story<tab>1995<tab>Animation Children's Comedy`` below a header: RecBole's copy."""
    for item, title, year, genres in csv.reader(list(lines)[1:], delimiter="\t", quoting=csv.QUOTE_NONE):
        # The copy misspells the one film without title and year, and takes the "(V)" of another for its year.
        text = "unknown" if title == "unkonwn" else f"{title} ({year})"
        yield item, text, "|".join(genres.split())


def _double_colon(lines: Iterable[str]) -> Iterator[Film]:
    """``1::Toy Story (1995)::Animation|Children's|Comedy``"""
    for line in lines:
        item, title, genres = line.rstrip("\r\n").split("::")
        yield item, title, genres


def _csv(lines: Iterable[str]) -> Iterator[Film]:
    """``1,Toy Story (1995),Adventure|Animation|Children`` below a header."""
    rows = csv.reader(list(lines)[1:])  # a title may hold commas, never a line break
    return ((item, title, genres) for item, title, genres in rows)


RECBOLE = "recbole/dataset_example/ml-100k/ml-100k"
LAYOUTS = {
    "ml-100k": Layout("ml-100k/u.data", "ml-100k/u.item", "latin-1", "\t", 0, _flagged),
    "recbole-ml-100k": Layout(f"{RECBOLE}.inter", f"{RECBOLE}.item", "utf-8", "\t", 1, _atomic),
    "ml-1m": Layout("ml-1m/ratings.dat", "ml-1m/movies.dat", "latin-1", "::", 0, _double_colon),
    "ml-20m": Layout("ml-20m/ratings.csv", "ml-20m/movies.csv", "utf-8", ",", 1, _csv),
}
