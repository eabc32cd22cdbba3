"""Texts, such as a title or a description: hashed words and runs of characters, reduced by a truncated SVD.

Nothing is downloaded, and words of any language count. Latent semantic analysis (Deerwester et al., 1990) over TF-IDF.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import Encoder
from recsys.features.vector import alike, directions

HASHES = 1 << 15  # buckets for words, and as many for runs of characters
WIDTH = 64
SAMPLE = 50_000  # items that the SVD is fitted on, evenly drawn
CHUNK = 20_000  # items whose counts are in memory at once
LEAST = 1e-3  # of the largest singular value: what lies below is noise
_SHARED = {"n_features": HASHES, "alternate_sign": False, "norm": None, "strip_accents": "unicode"}


@dataclass(frozen=True)
class TextEncoder(Encoder):
    """TF-IDF, projected.

    Attributes:
        idf: ``[2 * HASHES] float32``, the inverse document frequency of each bucket; 0 where no training item has it.
        components: ``[used, width] float32``, the projection of the buckets with an ``idf`` above 0, in their order.
    """

    idf: npt.NDArray[np.float32]
    components: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, column: pa.Array, trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        """Fit on the texts of the items that train; what was fitted on texts ``before`` is kept.

        The same texts give the same projection: the SVD's random start is seeded, and of each component and its
        opposite the one whose largest number is positive is taken.
        """
        if before is not None and before.idf.any():
            return before
        from sklearn.decomposition import TruncatedSVD

        rows = np.flatnonzero(trained & np.asarray(column.is_valid()))
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
        counts = _counts(column.take(pa.array(rows)).to_pylist())
        idf = _idf(counts).astype(np.float32)
        used = np.flatnonzero(idf)
        width = min(WIDTH, len(rows), len(used))
        if width < 2:
            return cls(idf, np.ones((len(used), 1), np.float32))
        with np.errstate(divide="ignore", invalid="ignore"):  # it asks, too, how much of no variance it explains
            svd = TruncatedSVD(width, random_state=0).fit(_weighted(counts, idf)[:, used])
        kept = svd.singular_values_ > LEAST * svd.singular_values_[0]
        return cls(idf, np.asarray(svd.components_[kept].T, np.float32))

    def encode(self, name: str, column: pa.Array) -> EncodedFeature:
        """Vectors of length 1; an item without a text, or of none but unknown words, has zeros."""
        used = np.flatnonzero(self.idf)
        parts = [np.zeros((0, self.components.shape[1]), np.float32)]
        for first in range(0, len(column), CHUNK):
            counts = _counts(column.slice(first, CHUNK).fill_null("").to_pylist())
            projected = _weighted(counts, self.idf)[:, used] @ self.components
            # Rounded: the last digits are the processor's, and they would give each machine a dataset of its own.
            parts.append(directions(projected).round(4) + 0.0)
        return EncodedFeature(name, 0, np.concatenate(parts))

    def shared(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[str, ...] | None:
        return () if alike(first, second) else None

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"idf": self.idf, "components": self.components}

    @classmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        return cls(arrays["idf"], arrays["components"])


def word_vectors(texts: list[str], common: int, counted: int | None = None) -> Any:
    """TF-IDF of the texts' words and pairs of words, ``[texts, HASHES]`` sparse, each of length 1 or of nothing.

    Args:
        common: words of more texts than these are left out.
        counted: of how many of the texts, the first, it counts which words are rare; None counts all.
    """
    from sklearn.preprocessing import normalize

    counts = _words().transform(texts)
    met = counts[:counted]
    idf = _idf(met, common)
    idf[np.bincount(met.indices, minlength=HASHES) == 0] = np.log(1 + met.shape[0]) + 1.0  # none is rarer
    vectors = _tf_idf(counts, idf)
    vectors.eliminate_zeros()
    return normalize(vectors)


def _words() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    pattern = r"\w+"
    return HashingVectorizer(ngram_range=(1, 2), token_pattern=pattern, **_SHARED)


def _counts(texts: list[str]) -> Any:
    """How often each hashed word, pair of words and run of 3 to 5 characters stands in each text; a sparse matrix."""
    from scipy import sparse
    from sklearn.feature_extraction.text import HashingVectorizer

    runs = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **_SHARED)
    if not texts:
        return sparse.csr_matrix((0, 2 * HASHES))
    return sparse.hstack([_words().transform(texts), runs.transform(texts)], format="csr")


def _idf(counts: Any, common: int | None = None) -> npt.NDArray[np.float64]:
    """Inverse document frequency of each bucket; 0 of those that no text has, or more than ``common``."""
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    told = (documents > 0) & (documents <= (counts.shape[0] if common is None else common))
    return np.where(told, np.log((1 + counts.shape[0]) / (1 + documents)) + 1.0, 0.0)


def _tf_idf(counts: Any, idf: npt.NDArray[Any]) -> Any:
    """Damped counts, weighted."""
    weighted = counts.copy()
    weighted.data = (1.0 + np.log(weighted.data)) * idf[weighted.indices]
    return weighted


def _weighted(counts: Any, idf: npt.NDArray[np.float32]) -> Any:
    """TF-IDF of length 1 for the words and for the runs of a text each: neither drowns the other."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    weighted = _tf_idf(counts, idf)
    halves = (weighted[:, :HASHES], weighted[:, HASHES:])
    return sparse.hstack([normalize(half) for half in halves], format="csr").astype(np.float32)
