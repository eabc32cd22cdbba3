"""String tables: what goes in comes out, and damage is refused."""

import zlib
from itertools import pairwise
from pathlib import Path

import bsdiff4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.bundle.strings import StringTable, write_strings
from recsys.core.errors import ArtifactError


@given(st.lists(st.text(max_size=20)))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, strings: list[str]) -> None:
    path = tmp_path_factory.mktemp("strings") / "table.bin"
    write_strings(path, strings)
    table = StringTable(path)
    assert [table[row] for row in range(len(table))] == strings


def test_layout(tmp_path: Path) -> None:
    write_strings(tmp_path / "t.bin", ["ab", "é"])
    content = (tmp_path / "t.bin").read_bytes()
    # RSTR, version 1, 3 zeros, 2 rows, 4 bytes of text; lengths 2 and 2, then the text.
    assert content[:16] == b"RSTR\x01\0\0\0" + b"\x02\0\0\0" + b"\x04\0\0\0"
    assert zlib.decompress(content[16:]) == b"\x02\0\x02\0" + "abé".encode()


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    write_strings(path, ["one", "two", "three"])
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ArtifactError, match=r"t\.bin"):
            StringTable(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"RSTR\x02\0\0\0\x01\0\0\0\x01\0\0\0", "version 2"),
        (b"RSTR\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", "no table holds"),
        (b"RSTR\x01\0\0\0\x01\0\0\0\x09\0\0\0", "damaged"),
        (b"JUNK\x01\0\0\0\x01\0\0\0\x01\0\0\0", "not a string table"),
    ],
)
def test_foreign_headers_are_refused(tmp_path: Path, header: bytes, reason: str) -> None:
    (tmp_path / "t.bin").write_bytes(header + zlib.compress(b"\x01\0a"))
    with pytest.raises(ArtifactError, match=reason):
        StringTable(tmp_path / "t.bin")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    (tmp_path / "t.bin").write_bytes(b"RSTR\x01\0\0\0\x01\0\0\0\x01\0\0\0" + bomb)
    with pytest.raises(ArtifactError, match="damaged"):
        StringTable(tmp_path / "t.bin")


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.bin").write_bytes(b"RSTR\x01\0\0\0\x01\0\0\0\x01\0\0\0" + zlib.compress(b"\x01\0\xff"))
    with pytest.raises(ArtifactError, match="not UTF-8"):
        StringTable(tmp_path / "t.bin")


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    write_strings(tmp_path / "t.bin", ["one"])
    (tmp_path / "t.bin").write_bytes((tmp_path / "t.bin").read_bytes() + b"more")
    with pytest.raises(ArtifactError, match=r"t\.bin: 4 bytes after the end"):
        StringTable(tmp_path / "t.bin")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), st.data())
def test_a_cut_inside_a_character_is_refused_with_its_row_and_any_other_is_read(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("strings") / "table.bin"
    encoded = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=4)))
    rows = [encoded[start:end] for start, end in pairwise([0, *cuts, len(encoded)])]
    lengths = b"".join(len(row).to_bytes(2, "little") for row in rows)
    header = b"RSTR\x01\0\0\0" + len(rows).to_bytes(4, "little") + len(encoded).to_bytes(4, "little")
    path.write_bytes(header + zlib.compress(lengths + encoded))
    boundaries = {len(text[:end].encode()) for end in range(len(text) + 1)}
    first = next((row for row, cut in enumerate(cuts) if cut not in boundaries), None)
    if first is None:
        assert [StringTable(path).row_bytes(row) for row in range(len(rows))] == rows
        return
    with pytest.raises(ArtifactError, match=f"table.bin: row {first + 1} begins inside a character of row {first}"):
        StringTable(path)


def test_a_string_too_long_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="row 1 is 70000 bytes"):
        write_strings(tmp_path / "t.bin", ["a", "b" * 70_000])


def test_rows_at_the_end_change_the_end_alone(tmp_path: Path) -> None:
    """So that a delta to a bundle with a few more items is small, however many there were."""
    random = np.random.default_rng(0)
    strings = [str(one) for one in random.permutation(100_000)[:12_000]]
    write_strings(tmp_path / "a.bin", strings)
    write_strings(tmp_path / "b.bin", [*strings, "x", "y"])
    one, other = (np.frombuffer((tmp_path / name).read_bytes(), np.uint8)[16:] for name in ("a.bin", "b.bin"))
    alike = len(bsdiff4.diff(one.tobytes(), other.tobytes()))
    assert len(one) > 20_000
    # Of lengths and of text, the last chunk alone is new: 8 KiB of digits take about 3.5 KiB, of which most is alike.
    assert alike < 4096
    assert [StringTable(tmp_path / "b.bin")[row] for row in range(12_002)] == [*strings, "x", "y"]
