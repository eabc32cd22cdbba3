"""What passes between the steps: whatever the blocks, each bucket gathers its users' events, all of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.core.hashing import hash_strings
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.preparation.exchange.catalog import Catalog, merge_partition
from recsys.preparation.exchange.event_store import store_events
from recsys.preparation.exchange.shuffle_read import gather_bucket
from recsys.preparation.exchange.spill import ITEM_PARTITIONS, partition_events, spill
from recsys.preparation.rules.truncation import Cap

Row = tuple[str, str, int, int, str]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["u", "v", "ü", "w" * 300, "12"]), st.text("ab€", min_size=1, max_size=3),
        st.integers(0, 5), st.integers(-9, 9), st.sampled_from(["buy", "view"]),
    ),
    max_size=12,
)  # fmt: skip


def spilled(folder: Path, blocks: list[list[Row]], buckets: int, cap: Cap | None = None) -> tuple[list[Path], Catalog]:
    paths = [folder / f"block-{number}" for number in range(len(blocks))]
    for path, rows in zip(paths, blocks, strict=True):
        columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 5
        table = {
            name: pa.array(columns[n], pa.string()).dictionary_encode()
            for n, name in ((0, USER), (1, ITEM), (4, EVENT_TYPE))
        }
        table |= {name: pa.array(columns[n], pa.int64()) for n, name in ((2, TIMESTAMP), (3, EVENT_ID))}
        spill(partition_events(pa.table(table), buckets, cap), path)
    partitions = [folder / f"partition-{number}" for number in range(ITEM_PARTITIONS)]
    sizes = [merge_partition(number, paths, path) for number, path in enumerate(partitions)]
    return paths, Catalog(tuple(partitions), tuple(sizes))


def gathered(
    number: int, paths: list[Path], catalog: Catalog, cap: Cap | None = None
) -> tuple[list[str], list[Row], int]:
    users, events, over = gather_bucket(number, paths, catalog, cap)
    names, words = users.to_pylist(), catalog.names.to_pylist()
    types = {int(code): name for name, code in zip(("buy", "view"), hash_strings(["buy", "view"]), strict=True)}
    rows = [
        (names[user], words[item], int(time), int(number), types[int(kind)])
        for user, item, time, number, kind in zip(
            *(events[name] for name in (USER, ITEM, TIMESTAMP, EVENT_ID, EVENT_TYPE)), strict=True
        )
    ]
    return names, rows, over


@settings(max_examples=30)
@given(st.lists(ROWS, min_size=1, max_size=3), st.integers(1, 4))
def test_every_event_arrives_once_in_its_users_bucket(
    tmp_path_factory: Any, blocks: list[list[Row]], buckets: int
) -> None:
    paths, catalog = spilled(tmp_path_factory.mktemp("spill"), blocks, buckets)
    everything = [row for rows in blocks for row in rows]
    words = catalog.names.to_pylist()
    assert sorted(words) == sorted({row[1] for row in everything})
    assert catalog.hashes.tolist() == hash_strings(words).tolist()
    arrived = []
    for number in range(buckets):
        names, rows, over = gathered(number, paths, catalog)
        assert over == 0
        assert names == sorted({row[0] for row in rows}, key=str.encode)
        assert all(hash_strings([name])[0] % buckets == number for name in names)
        arrived += rows
    assert sorted(arrived) == sorted(everything)


def test_a_user_is_cut_to_the_newest_events_across_blocks(tmp_path: Path) -> None:
    blocks: list[list[Row]] = [
        [("u", f"i{n}", time, n, "buy") for n, time in enumerate(times)] for times in ([9, 1, 5], [7, 3])
    ]
    paths, catalog = spilled(tmp_path, blocks, 1, Cap(2, None))
    _, rows, over = gathered(0, paths, catalog, Cap(2, None))
    assert sorted(row[2] for row in rows) == [7, 9]
    assert over == 2  # one of the three went when the first block was spilled


def test_stored_events_are_those_that_were_gathered(tmp_path: Path) -> None:

    paths, catalog = spilled(
        tmp_path, [[("u", "a", 2, 1, "buy")], [("v", "b", 1, 2, "view"), ("u", "b", 1, 3, "buy")]], 1
    )
    users, events, _ = gather_bucket(0, paths, catalog, None)
    store_events(users, events, catalog.names, tmp_path / "events.parquet")
    table = pq.read_table(tmp_path / "events.parquet")
    rows = list(zip(*(table.column(name).to_pylist() for name in (USER, ITEM, TIMESTAMP, EVENT_ID)), strict=True))
    assert sorted(rows) == [("u", "a", 2, 1), ("u", "b", 1, 3), ("v", "b", 1, 2)]
    assert set(np.unique(table.column(EVENT_TYPE).to_numpy())) == set(hash_strings(["buy", "view"]))
