"""Tables of items: which rows join, and what is told of a table that cannot be used."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.config.data import NULL_VALUES, DataConfig, ItemTableConfig
from recsys.core.errors import DataError
from recsys.log.blocks import LogBlock
from recsys.preparation.items.table import check_items, describe_mismatch, join_known, read_items

VOCABULARY = pa.table({"item_id": pa.array([1, 2], pa.int32()), "external_id": ["12", "a"], "count": [3, 1]})


def joined(path: Path, content: str | bytes, **settings: str) -> list[object]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = ItemTableConfig(path=path, item="sku", title="name", **settings)
    table = join_known(VOCABULARY, source, read_items(source, NULL_VALUES))
    return list(table.column("title").to_pylist())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("items.csv", "sku,name\n12,Alien\nb,Brazil\n"),
        ("items.csv", "sku,name\n12.0,Alien\nb,Brazil\n"),  # as pandas writes numbers in a column that lacks some
        ("items.csv", "\ufeffsku,name\r\n12,Alien\r\nb,Brazil\r\n"),
        ("items.csv", "sku,name\r12,Alien\rb,Brazil\r"),
        ("items.csv", ",sku,name\n0,12,Alien\n1,b,Brazil\n"),  # an index that pandas wrote
        ("items.csv", "sku,name\n12,Alien\nNA,Nobody\nNA,No one\n,Neither\n"),
        ("items.tsv", "sku\tname\n12\tAlien\n"),
        ("items.csv.gz", gzip.compress(b"sku,name\n12,Alien\n", mtime=0)),
        ("items.csv", 'name,sku,"note"\n"Alien","12","two\nlines"\n'),
    ],
)
def test_titles_join_by_the_ids_that_a_log_has(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert joined(tmp_path / name, content) == ["Alien", None]


@pytest.mark.parametrize("ids", [[12.0, None], [12, 5], ["12", "x"], [b"12", b"y"]])
def test_ids_of_any_type_join(tmp_path: Path, ids: list[object]) -> None:
    pq.write_table(pa.table({"sku": ids, "name": ["Alien", "Other"]}), tmp_path / "items.parquet")
    assert joined(tmp_path / "items.parquet", (tmp_path / "items.parquet").read_bytes()) == ["Alien", None]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "sku,name\n12,Alien\n12.0,Aliens\n",
            "item '12' stands in more than one row, such as rows 1 and 2; .* 12.0 is read as 12",
        ),
        ("item,name\n12,Alien\n", "column 'sku' is missing; found item, name"),
        ("sku,name,sku\n12,Alien,1\n", "column 'sku' is found twice, as columns 1 and 3 of 3; leave one of them"),
        ("sku,name,year,year\n12,Alien,1,1\n", "column 'year' is found twice, as columns 3 and 4 of 4"),
        ("sku,name,count\n12,Alien,1\n", "a column may not be called 'count'"),
        ("sku;name;price\n12;Alien;1,50\n", "its first line is cut by ';', commas are expected; .* as .csv"),
        ("sku\tname\n12\tAlien\n", "its first line is cut by tabs, commas are expected; .* with tabs as .tsv"),
        ("sku,name\n12,Alien\nb\n", r"cannot be read \(.*Row #3: Expected 2 columns, got 1: b"),
        ("sku,name\n12,Alién\n".encode("latin-1"), "line 2 is not UTF-8, .* iconv -f WINDOWS-1252"),
        ("sku,name\n12,Alien\n".encode("utf-16"), "iconv -f UTF-16"),
        (
            "sku,name\nx,Alien\n",
            "column 'sku' holds none of the log's items: there such as 'x', in the log such as '12'",
        ),
        ("sku,name\n", "holds none of the log's items: there none at all"),
        ("sku,name\n12\n", "cannot be read"),
    ],
)
def test_tables_that_cannot_be_used_are_named(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(DataError, match=rf"items\.csv: .*{told}"):
        joined(tmp_path / "items.csv", content)


def test_a_table_without_items_is_told_before_the_log_is_read(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("sku,name\n,Nobody\n")
    data = DataConfig(path=tmp_path / "log.csv", items={"path": tmp_path / "items.csv", "item": "sku"})
    block = LogBlock(0, str(tmp_path / "log.csv"), "log.csv", "csv", 0, 9, 2, 1)  # it is not there to be read
    with pytest.raises(DataError, match=r"items\.csv: has no row that names an item in column 'sku'"):
        check_items(data, block)


def test_a_few_items_that_are_not_in_the_table_say_nothing_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("sku\n12\n")
    source = ItemTableConfig(path=tmp_path / "items.csv", item="sku")
    keys = read_items(source, NULL_VALUES).keys
    assert describe_mismatch(source, keys, pa.array(["x", "12"]), "the log") is None
    assert describe_mismatch(source, keys, pa.array([], pa.string()), "the log") is None
    assert "in the first rows of a.csv such as 'x'" in str(
        describe_mismatch(source, keys, pa.array(["x"]), "the first rows of a.csv")
    )
