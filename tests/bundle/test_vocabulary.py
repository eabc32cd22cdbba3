"""The compact vocabulary answers as the dictionary does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.bundle import BundleVocabulary, write_strings
from recsys.core.errors import ArtifactError
from recsys.core.vocabulary import Vocabulary

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(TEXTS, unique=True), st.lists(TEXTS), st.integers(0, 5))
def test_encodes_as_the_dictionary(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], asked: list[str], buckets: int
) -> None:
    path = tmp_path_factory.mktemp("vocabulary") / "v.bin"
    write_strings(path, ids)
    ours, theirs = BundleVocabulary(path, buckets), Vocabulary(ids, buckets)
    np.testing.assert_array_equal(ours.encode([*asked, *ids]), theirs.encode([*asked, *ids]))
    assert [ours.decode(i) for i in range(-1, len(ids) + 3)] == [theirs.decode(i) for i in range(-1, len(ids) + 3)]
    assert len(ours) == len(theirs)
    assert [item in ours for item in asked] == [item in theirs for item in asked]


def test_items_of_equal_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.bundle.vocabulary.hash_bytes", lambda _, offsets: np.zeros(len(offsets) - 1, np.uint64))
    monkeypatch.setattr("recsys.bundle.vocabulary.hash_strings", lambda items: np.zeros(len(items), np.uint64))
    write_strings(tmp_path / "v.bin", ["a", "b", "c"])
    assert BundleVocabulary(tmp_path / "v.bin").encode(["c", "x", "a"]).tolist() == [3, 0, 1]


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    write_strings(tmp_path / "v.bin", ["a", "b", "a"])
    with pytest.raises(ArtifactError, match="'a' stands in rows 0 and 2"):
        BundleVocabulary(tmp_path / "v.bin")
