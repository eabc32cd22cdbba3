"""CSV fields that span lines."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.log import block_plan, blocks
from recsys.log.block_plan import plan_blocks
from recsys.log.files import find_log
from tests.log.conftest import ReadLog

HEADER = "user_id,item_id,timestamp,comment\n"
WORDS = st.text(st.sampled_from('ab",\n'), max_size=8)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=12), st.sampled_from([40, 1 << 20]))
def test_all_rows_that_pythons_csv_writes_are_read(tmp_path_factory, comments, size):
    rows = [(f"u{i}", f"i{i}", str(i), one + two) for i, (one, two) in enumerate(comments)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    log = tmp_path_factory.mktemp("spans") / "log.csv"
    log.write_text(HEADER + text.getvalue())
    with pytest.MonkeyPatch.context() as patched:
        for module in (block_plan, blocks):
            patched.setattr(module, "BLOCK_BYTES", max(size, *(len(HEADER), 60)))
        found = read(log)
    assert found.events == [(user, item, int(time) * 1000) for user, item, time, _ in rows]
    assert found.rejects == []


def read(log: Path) -> ReadLog:
    from recsys.core.schema import ITEM, TIMESTAMP, USER
    from recsys.log.formats import read_block
    from recsys.log.validation import validate

    found = ReadLog([], [])
    for block in plan_blocks(find_log(log).files, None, log.parent / "unpacked"):
        raw = read_block(block, {USER: "user_id", ITEM: "item_id", TIMESTAMP: "timestamp"}, frozenset({TIMESTAMP}))
        events, rejects = validate(raw, "s", block.origin)
        assert block.rows == len(events) + len(rejects)
        found.events.extend(zip(*(column.to_pylist() for column in events.columns), strict=True))
        found.rejects.extend((one.row, one.reason) for one in rejects)
    return found


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone(tmp_path: Path) -> None:
    lines = ['u1,i1,1,"two', 'lines"', 'u2,i2,2,"open', "u3,i3,3,plain", 'u4,i4,4,5" tv', 'u5,i5,5,"three', "", 'x"']
    (tmp_path / "log.csv").write_text(HEADER + "\n".join(lines) + "\n")
    found = read(tmp_path / "log.csv")
    assert [user for user, _, _ in found.events] == ["u1", "u3", "u4", "u5"]
    assert found.rejects == [(4, "malformed row")]
