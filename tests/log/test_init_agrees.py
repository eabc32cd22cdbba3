"""What init promises prepare reads: the columns that it names, and as many refused rows as it counts."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recsys.cli.init import write_config
from recsys.config import parse_config
from recsys.config.yaml_text import read_yaml
from recsys.core.errors import DataError
from recsys.core.schema import EVENT_TYPE, VALUE
from recsys.log.inference.guess import guess_log
from tests.log.conftest import ReadLog

ODD = [
    "",
    "NULL",
    "nan",
    "12.0",
    "12.5",
    " x ",
    "ü",
    'a "b"',
    "a,b",
    "# no comment",
    "yes",
    "null",
    "x" * 1100,
    "\\N",
    "'",
]
USERS = st.one_of(st.sampled_from([f"u{n}" for n in range(5)]), st.sampled_from(ODD))
SECONDS = st.integers(1_600_000_000, 1_700_000_000)
TIMES = {
    "s": SECONDS.map(str),
    "ms": SECONDS.map(lambda s: str(1000 * s + 7)),
    "s with decimals": SECONDS.map(lambda s: f"{s}.25"),
    "iso8601": st.datetimes().map(lambda moment: moment.replace(year=2024).isoformat(" ")),
    "with a zone": st.integers(10, 28).map(lambda day: f"2024-03-{day}T10:00:00.1+01:00"),
    "slashes": st.integers(10, 28).map(lambda day: f"2024/03/{day}"),
}
WRONG = st.sampled_from(["", "noon", "NaT", "-", "2024-02-30", "1e400"])
HEADERS = st.sampled_from([("user_id", "item_id", "timestamp"), ("visitor", "no: yes", "item", "time")])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def csv_line(row: tuple[str, ...], delimiter: str) -> str:
    return delimiter.join(
        f'"{field.replace(chr(34), 2 * chr(34))}"' if set(field) & set('",;\t') else field for field in row
    )


def write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]], kind: str, end: str) -> Path:
    if kind == "parquet":
        columns = zip(header, zip(*rows, strict=True), strict=True)
        pq.write_table(pa.table({name: pa.array(column) for name, column in columns}), path / "log.parquet")
        return path / "log.parquet"
    if kind == "jsonl":
        lines = [json.dumps(dict(zip(header, row, strict=True))) for row in rows]
    else:
        delimiter = {"csv": ",", "tsv": "\t", "semicolon": ";"}[kind]
        lines = [csv_line(row, delimiter) for row in (header, *rows)]
    file = path / {"csv": "log.csv", "semicolon": "log.csv", "tsv": "log.tsv", "jsonl": "log.jsonl"}[kind]
    file.write_bytes((end.join(lines) + end).encode())
    return file


@pytest.mark.parametrize("kind", ["csv", "tsv", "semicolon", "jsonl", "parquet"])
@pytest.mark.parametrize("unit", TIMES)
def test_init_and_prepare_agree(
    tmp_path_factory: pytest.TempPathFactory, read_log: Callable[..., ReadLog], kind: str, unit: str
) -> None:
    folder = tmp_path_factory.mktemp("log")

    @settings(max_examples=8)
    @given(st.data(), ENDS)
    def check(data: st.DataObject, end: str) -> None:
        header = data.draw(
            st.sampled_from([("user_id", "item_id", "timestamp"), ("visitor", "no: yes", "item", "time")])
        )
        row = st.tuples(*(USERS for _ in header[:-1]), st.one_of(TIMES[unit], TIMES[unit], TIMES[unit], WRONG))
        rows = data.draw(st.lists(row, min_size=1, max_size=12))
        path = write(folder, header, rows, kind, end)
        try:
            guess = guess_log(path, {})
        except DataError:
            assume(False)  # too many of the times are none
        config = parse_config(read_yaml(write_config(path, {})))
        assert [config.data.columns.user, config.data.columns.item, config.data.columns.timestamp] == [
            header[0], header[-2], header[-1]
        ]  # fmt: skip
        settings_of = config.data.model_dump(exclude={"path", "name", "items"})
        found = read_log(path, **settings_of)
        assert len(found.events) + len(found.rejects) == len(rows)
        assert guess.rejected == len(found.rejects) / len(rows)

    check()


def test_a_type_and_a_value_that_are_named_are_read(tmp_path: Path) -> None:
    rows = [f"u{n % 4},i{n % 5},{1_700_000_000 + n},{('look', 'take')[n % 2]},{n % 3}" for n in range(40)]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["user,item,time,how,much", *rows]) + "\n")
    config = parse_config(read_yaml(write_config(path, {EVENT_TYPE: "how", VALUE: "much"})))
    assert (config.data.columns.event_type, config.data.columns.value) == ("how", "much")
    assert config.model.event_values
