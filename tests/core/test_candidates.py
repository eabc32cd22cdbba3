"""Padding, chunks and order of a request's candidates, and the buckets of unknown items."""

import numpy as np

from recsys.core.candidates import best_first, candidate_chunks, pad_candidates
from recsys.core.hashing import hash_strings
from recsys.core.vocabulary import Vocabulary, bucket_ids


def test_candidates_are_padded_on_the_right_to_the_models_width() -> None:
    assert pad_candidates([7, 9], 4).tolist() == [[7, 9, 0, 0]]
    assert pad_candidates([], 2).tolist() == [[0, 0]]
    assert [chunk.tolist() for chunk in candidate_chunks(np.arange(1, 6), 2)] == [[[1, 2]], [[3, 4]], [[5, 0]]]
    assert candidate_chunks(np.zeros(0, np.int32), 2) == []


def test_best_first_leaves_unknown_ones_out_and_equals_in_their_places() -> None:
    """Padding has the highest score here; 5 and 7 score alike."""
    assert best_first(np.array([5, 0, 6, 7]), np.array([0.1, 9.0, 0.3, 0.1])).tolist() == [2, 0, 3]


def test_unknown_items_share_the_buckets_behind_the_known_ones() -> None:
    """Of 10 items and 4 buckets: 6 % 4 = 2 and 7 % 4 = 3 after ids 1..10; a hash of 64 bits is one, too."""
    assert bucket_ids(np.array([6, 7, 2**64 - 1], np.uint64), 10, 4).tolist() == [13, 14, 14]
    encoded = Vocabulary(["a", "b"], oov_buckets=3).encode(["b", "x"])
    assert encoded.tolist() == [2, 3 + int(hash_strings(["x"])[0]) % 3]
