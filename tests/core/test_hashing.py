"""The portable hash, against the published constants and a scalar of its own."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.hashing import hash_events, hash_strings, mix64
from recsys.preparation.exchange.arrow import hash_array, rank_strings

MASK = 2**64 - 1
WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))


def fmix(h: int) -> int:
    for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h ^= h >> 33
        h = h * multiplier & MASK
    return h ^ h >> 33


def fnv1a(data: bytes) -> int:
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & MASK
    return h


def test_the_scalar_is_the_published_fnv1a():
    # Test vectors of the FNV authors: fnv1a-64 of "a" and of "foobar".
    assert fnv1a(b"a") == 0xAF63DC4C8601EC8C
    assert fnv1a(b"foobar") == 0x85944171F73967E8


@given(WORDS)
def test_strings(words):
    expected = [fmix(fnv1a(word.encode())) for word in words]
    assert hash_strings(words).tolist() == expected
    array = pa.array(words, pa.string())
    assert hash_array(array).tolist() == expected
    assert hash_array(array.slice(1)).tolist() == expected[1:]


@given(st.lists(st.integers(0, MASK)))
def test_mix(values):
    assert mix64(np.array(values, np.uint64)).tolist() == [fmix(value) for value in values]


@given(st.integers(0, MASK), st.integers(-(2**63), 2**63 - 1))
def test_events(item_hash, timestamp):
    found = hash_events(np.array([item_hash], np.uint64), np.array([timestamp], np.int64))
    assert found.tolist() == [fmix(item_hash ^ fmix(timestamp & MASK))]


@given(WORDS)
def test_ranks_follow_the_bytes(words):
    distinct, places = rank_strings(pa.array(words, pa.string()))
    assert [word.encode() for word in distinct.to_pylist()] == sorted({word.encode() for word in words})
    assert [distinct[int(place)].as_py() for place in places] == words
