"""Core and vocabulary against a loop that drops one round at a time."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recsys.config.prepare import PrepareConfig
from recsys.preparation.rules.k_core import Events, find_core
from recsys.preparation.vocabulary_fit import DROP_REASONS, fit_vocabulary, number_items

ITEMS = 7
USERS = st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=8), min_size=1, max_size=8)


def parts(users: list[list[int]]):
    """The log in two parts of whole users, read anew at each call."""
    half = len(users) // 2

    def read():
        for some in (users[:half], users[half:]):
            items = np.array([item for user in some for item in user], np.int32)
            yield Events(items, np.cumsum([0, *map(len, some)]))

    return read


def core_of(users: list[list[int]], allowed: set[int], k: int) -> Counter[int]:
    users = [[item for item in user if item in allowed] for user in users]
    while True:
        counts = Counter(item for user in users if len(user) >= k for item in user)
        left = [[item for item in user if counts[item] >= k] if len(user) >= k else [] for user in users]
        if left == users:
            return counts
        users = left


@given(USERS, st.integers(1, 4), st.sets(st.integers(0, ITEMS - 1)))
def test_the_core_is_the_fixpoint(users, k, allowed):
    mask = np.isin(np.arange(ITEMS), list(allowed))
    core = find_core(parts(users), mask, k)
    expected = core_of(users, allowed, k)
    assert core.counts.tolist() == [expected[item] for item in range(ITEMS)]
    inside = sum(item in allowed for user in users for item in user)
    assert sum(core.rounds) == inside - sum(expected.values())


@given(USERS, st.integers(1, 3), st.integers(1, 3), st.integers(1, ITEMS))
def test_the_vocabulary(users, k, least, most):
    names = pa.chunked_array([pa.array([f"i{n}" for n in range(ITEMS)])])
    config = PrepareConfig(k_core=k, min_item_events=least, max_items=most)
    fit = fit_vocabulary(parts(users), names, config)
    counts = Counter(item for user in users for item in user)
    often = {item for item in counts if counts[item] >= least}
    core = core_of(users, often, k)
    inside = sorted((item for item in core if core[item]), key=lambda item: (-core[item], f"i{item}"))
    final = core_of(users, set(inside[:most]), k) if len(inside) > most else core
    assert fit.counts.tolist() == [final[item] for item in range(ITEMS)]
    for item, drop_reason in enumerate(fit.drop_reasons):
        if final[item]:
            expected = "kept"
        elif not counts[item]:
            expected = "cold_item"
        elif item not in often:
            expected = "rare_item"
        else:
            expected = "over_max_items" if item in inside[most:] else "core"
        assert DROP_REASONS[drop_reason] == expected


def test_numbering_by_count_then_bytes_and_after_the_ids_there_were():
    names = pa.chunked_array([pa.array(["b", "\u00e9", "a", "z", "Z"])])
    counts = np.array([2, 2, 2, 0, 5])
    ids, table = number_items(names, counts)
    assert table["external_id"].to_pylist() == ["Z", "a", "b", "\u00e9"]
    assert ids.tolist() == [3, 4, 2, 0, 1]
    ids, table = number_items(names, counts, pa.array(["gone", "a", "z"]))
    assert table["external_id"].to_pylist() == ["gone", "a", "z", "Z", "b", "\u00e9"]
    assert table["count"].to_pylist() == [0, 2, 0, 5, 2, 2]
    assert ids.tolist() == [5, 6, 2, 3, 4]
