"""The nearest texts, against every cosine worked out by itself."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.features import nearest_texts as module
from recsys.features.nearest_texts import nearest_texts

WORDS = ["rose", "soap", "oil", "tea", "red", "green"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), min_size=1, max_size=8)


def cosine_by_hand(texts: list[str], one: int, other: int, common: int) -> float:
    """TF-IDF of words and pairs of words, of damped counts."""
    bags = []
    for text in texts:
        words = text.split()
        bags.append(Counter(words + [f"{a} {b}" for a, b in itertools.pairwise(words)]))
    documents = Counter(term for bag in bags for term in bag)

    def vector(bag: Counter[str]) -> dict[str, float]:
        return {
            term: (1 + math.log(count)) * (math.log((1 + len(texts)) / (1 + documents[term])) + 1)
            for term, count in bag.items()
            if documents[term] <= common
        }

    a, b = vector(bags[one]), vector(bags[other])
    lengths = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
    return sum(value * b.get(term, 0.0) for term, value in a.items()) / lengths if lengths else 0.0


@given(TEXTS, st.integers(1, 3), st.sampled_from([2, 100]))
def test_of_each_the_nearest_and_of_these_each(texts: list[str], most: int, common: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "COMMON", common)
        patched.setattr(module, "BLOCK", 3)
        found = nearest_texts(texts, most)
    edges = set()
    for one in range(len(texts)):
        near = [(round(cosine_by_hand(texts, one, other, common), 4), other) for other in range(len(texts))]
        near = sorted(((-value, other) for value, other in near if other != one and value > 0))[:most]
        edges |= {(one, other) for _, other in near} | {(other, one) for _, other in near}
    assert [*zip(found.places.tolist(), found.nearest.tolist(), strict=True)] == sorted(edges)
    for one, other, value in zip(*found, strict=True):
        assert value == pytest.approx(cosine_by_hand(texts, one, other, common), abs=1e-3)


def test_case_and_accents_do_not_count() -> None:
    found = nearest_texts(["Crème brûlée", "creme BRULEE", "tea"], most=2)
    assert found.places.tolist() == [0, 1]
    np.testing.assert_allclose(found.cosines, 1.0)
