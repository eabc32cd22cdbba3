"""Ids, times and fields in the spellings that logs have."""

import csv
import datetime
import io
import uuid
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.log.formats.fields import split_fields
from recsys.log.formats.raw import RawBlock
from recsys.log.validation import validate
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.timestamps import to_milliseconds

NOON = 1_709_632_800_000  # 2024-03-05T10:00:00Z
SOME = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((f"2024-03-05 10:00:00.{'123456789'[:digits]}+00", NOON + int("123"[:digits].ljust(3, "0")))
          for digits in range(1, 10)),
        ("2024-03-05 10:00:00,123", NOON + 123), ("2024-03-05T10:00:00.1234567890123Z", NOON + 123),
        ("2024-03-05 10:00:00 UTC", NOON), ("2024-03-05 10:00:00 +0000", NOON), ("2024-03-05T10:00:00z", NOON),
        ("2024-03-05 11:00:00+01", NOON), ("2024-03-05T11:00:00+01:00", NOON), ("2024-03-05T10:00", NOON),
        ("2024-03-05T10:00:00+00:00[UTC]", NOON), ("2024-03-05T11:00:00+01:00[Europe/Berlin]", None),
        ("2024/03/05 10:00:00", NOON), ("2024.03.05 10:00:00,0", NOON), ("2024/03/05T11:00:00.0+01:00", NOON),
        ("2024/03-05", None), ("05.03.2024 10:00", None), ("03/05/2024", None),
        ("1600-01-01", -11_676_096_000_000), ("2024-02-30 10:00:00,1", None), ("10:00:00", None),
    ],
)  # fmt: skip
def test_iso_spellings_alone_and_in_company(text: str, expected: int | None) -> None:
    for column in ([text], ["2024-03-05", text, "never", "1969-12-31T23:59:59.9999"]):
        found, _, bad = to_milliseconds(pa.array(column), "iso8601")
        at = column.index(text)
        assert (None if bad[at] else found[at]) == expected
    assert found[-1] == -1


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (pa.array([NOON // 1000]), "s"), (pa.array([NOON]), "ms"), (pa.array([NOON * 1000 + 7]), "us"),
        (pa.array([NOON * 1_000_000 + 7]), "ns"), (pa.array([str(NOON * 1000)]), "us"),
        (pa.array([Decimal(NOON // 1000)]), "s"), (pa.array([Decimal(NOON * 10**6)], pa.decimal128(38, 2)), "ns"),
        (pa.array([f"{NOON // 1000}.0"]), "s"),
        *((pa.array([datetime.datetime(2024, 3, 5, 10)], pa.timestamp(unit, tz)), "s")
          for unit in ("s", "ms", "us", "ns") for tz in (None, "UTC")),
    ],
)  # fmt: skip
def test_numbers_in_every_unit(values: pa.Array, unit: str) -> None:
    assert to_milliseconds(values, unit)[0].tolist() == [NOON]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([SOME.bytes, None], pa.binary(16))), [str(SOME), None]),
        (pa.array([b"abcd", b"\xff\xfe\xfd\xfc"], pa.binary(4)), ["abcd", "bad"]),
        (pa.array([12.0, 1.5, 2.0**53 + 2, float("nan"), float("inf")]), ["12", "bad", "bad", None, "bad"]),
        (pa.array([2**63 + 5], pa.uint64()), ["9223372036854775813"]),
        (pa.array([Decimal("12.00"), Decimal("1.50")]), ["12", "bad"]),
        (pa.array(["a"], pa.large_string()), ["a"]), (pa.array(["a"], pa.string_view()), ["a"]),
        (pa.array(["12.0", "-3.00", "0.0"]), ["12", "-3", "0"]),
        *((pa.array([text, "12.0"]), [text, "12"]) for text in ("1.50", "007.0", "1e3", "12.", "v1.0", "1.0.0")),
        (pa.array(["9007199254740992.0", "9007199254740994.0"]), ["9007199254740992", "9007199254740994.0"]),
        (pa.array([b"12.0", b"\xff"]), ["12", "bad"]), (pa.array(["007"]), ["007"]),
        (pa.array([True, None]), ["bad", None]), (pa.array([[1]]), ["bad"]),
    ],
)  # fmt: skip
def test_ids_of_every_type(values: pa.Array, expected: list[str | None]) -> None:
    text, bad = ids_as_text(values)
    assert ["bad" if b else t for t, b in zip(text.to_pylist(), bad, strict=True)] == expected
    encodable = not isinstance(values, pa.ExtensionArray) and not pa.types.is_nested(values.type)
    for column in [values, *([values.dictionary_encode()] if encodable and values.type != pa.string_view() else [])]:
        raw = RawBlock(pa.table({"user_id": column}), np.arange(len(column)), str)
        events, rejects = validate(raw, "s", "log")
        assert events["user_id"].to_pylist() == [one for one in expected if one not in (None, "bad")]
        assert len(rejects) == len([one for one in expected if one in (None, "bad")])


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), min_size=2))
def test_fields_are_split_as_they_were_joined(fields: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    assert split_fields(line.getvalue().encode(), b",") == [field.encode() for field in fields]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (rb'"say \"hi, you\"",i', [b'say "hi, you"', b"i"]), (rb'"C:\",i', [b"C:\\", b"i"]), (b'"open,i', None),
        (b'"' + b"x" * 200_000 + b'",i', [b"x" * 200_000, b"i"]), (b'"x"y,i', [b"xy", b"i"]),
    ],
)  # fmt: skip
def test_sparks_escapes_and_long_fields(line: bytes, expected: list[bytes] | None) -> None:
    assert split_fields(line, b",") == expected


@pytest.mark.parametrize("spelling", ["", "NULL", "NA", "None", "nan", "\\N"])
def test_a_spelling_of_nothing_is_missing_unless_the_config_says_otherwise(spelling: str) -> None:
    raw = RawBlock(pa.table({"user_id": ["a", spelling]}), np.arange(2), str)
    assert [one.reason for one in validate(raw, "s", "log")[1]] == ["missing user_id"]
    if spelling:
        assert validate(raw, "s", "log", ("",))[0]["user_id"].to_pylist() == ["a", spelling]
