"""What becomes of a row depends on the row alone: read in company, it fares as it does by itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.blocks import LogBlock
from recsys.log.formats import read_block
from recsys.log.validation import validate

NAMES = (USER, ITEM, TIMESTAMP, EVENT_ID, EVENT_TYPE)
CSV = [
    b"u,i,1,7,buy", b"u,i,1, 7,buy", b"u,i,1,0x1F,buy", b"u,i,1,first,buy", b"u,i,1,7.0,buy", b"u,i,1,+7,buy",
    b"u,i, 12 ,007,buy", b"u,i,1.5,7,buy", b"u,i,x,7,buy", b"u,i,,7,buy", b'"x"y,i,1,7,buy', b'"open,i,1,7,buy',
    b'u,"a,b",1,7,buy', b'u,i,1,7,"buy', b"u\xff,i,1,7,buy", b"u,i,1,7", b"u,\xe2\x82\xac,1,7,buy", b"u,i,1,7,buy\r",
    b"12.0,12,1,7,buy", b"u,i,1,7,buy,", b"u,i,1,7,buy,more",
]  # fmt: skip
NESTED = [*(b"[" * depth + b"]" * depth for depth in (90, 110, 9000)), b'"' + b"[" * 300 + b'"']
JSON = [
    b'{"user_id":"u","item_id":"i","timestamp":1,"event_id":7,"event_type":"buy"}',
    b'{"user_id":"u","item_id":"i","timestamp":1,"event_id":3.0,"event_type":"buy"}',
    b'{"user_id":"u","item_id":"i","timestamp":1,"event_id":3.5,"event_type":"buy"}',
    b'{"user_id":"u","item_id":"i","timestamp":1.5,"event_id":"7","event_type":"buy"}',
    b'{"user_id":"u","item_id":"i","timestamp":"1","event_id":7,"event_type":null}',
    b'{"user_id":5,"item_id":"i","timestamp":1,"event_id":7,"event_type":"buy"}',
    b'{"user_id":"u","timestamp":1,"event_id":7,"event_type":"buy","more":[1]}',
    b'{"user_id":"u","item_id":"\xff","timestamp":1,"event_id":7,"event_type":"buy"}',
    b"not json", b"[]", b"null", b"  ", b"{}",
    *(b'{"user_id":"u","item_id":"i","timestamp":1,"event_id":7,"event_type":"buy","x":%s}' % x for x in NESTED),
    b'{"user_id":"\\ud800","item_id":"i","timestamp":1,"event_id":7,"event_type":"buy"}',
    b'{"user_id":12.0,"item_id":"12.0","timestamp":1,"event_id":7,"event_type":"buy"}',
]  # fmt: skip


def drop_reason(path: Path, lines: list[bytes], kind: str) -> tuple[list[tuple[object, ...]], list[str]]:
    """The events of a block of ``lines``, and the reasons of those refused."""
    path.write_bytes(b"\n".join(lines) + b"\n")
    columns = NAMES if kind == "csv" else ()
    block = LogBlock(0, str(path), str(path), kind, 0, path.stat().st_size, 1, len(lines), columns)
    raw = read_block(block, dict(zip(NAMES, NAMES, strict=True)), frozenset({EVENT_ID, TIMESTAMP}))
    events, rejects = validate(raw, "s", str(path))
    return [tuple(row.values()) for row in events.to_pylist()], sorted(one.reason for one in rejects)


def test_a_row_that_nests_too_deep_is_refused_and_one_that_quotes_brackets_is_not(tmp_path):
    fates = [drop_reason(tmp_path / "log", [line], "jsonl")[1] for line in JSON if b"[[" in line]
    assert fates == [[], ["malformed row"], ["malformed row"], []]


@pytest.mark.parametrize(("kind", "pool"), [("csv", CSV), ("jsonl", JSON)])
def test_a_row_fares_in_company_as_it_does_alone(kind, pool, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "log"
    alone = {line: drop_reason(path, [line], kind) for line in pool}

    @given(st.lists(st.sampled_from(pool), min_size=1, max_size=6))
    def check(lines):
        events, reasons = drop_reason(path, lines, kind)
        assert events == [event for line in lines for event in alone[line][0]]
        assert reasons == sorted(reason for line in lines for reason in alone[line][1])

    check()
