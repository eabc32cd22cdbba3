"""The items whose texts are nearest, by the words that few others have."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.features.text import word_vectors

COMMON = 5_000  # texts: a word of more of them tells little, and would make every text a neighbour of every other
BLOCK = 2_048  # texts that are compared with all others at once


class Neighbours(NamedTuple):
    """``n`` pairs, each in both directions, sorted by both places.

    Attributes:
        places, nearest: ``[n] int32``, places of texts.
        cosines: ``[n] float64``, above 0.
    """

    places: npt.NDArray[np.int32]
    nearest: npt.NDArray[np.int32]
    cosines: npt.NDArray[np.float64]


def nearest_texts(texts: list[str], most: int) -> Neighbours:
    """Of each of some texts the ``most`` others that are nearest by the cosine of TF-IDF, and of these the text.

    So a text that is among nobody's nearest is near its own nearest all the same, and may have more than ``most``.

    >>> found = nearest_texts(["red rose soap", "red rose oil", "green tea", ""], most=1)
    >>> found.places.tolist(), found.nearest.tolist(), found.cosines.round(2).tolist()
    ([0, 1], [1, 0], [0.48, 0.48])
    """
    from scipy import sparse

    vectors = word_vectors(texts, COMMON)
    parts = [_of_block(vectors, vectors, first, most) for first in range(0, len(texts), BLOCK)]
    rows, columns, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
    graph = sparse.csr_array((cosines, (rows, columns)), shape=(len(texts), len(texts)))
    both = sparse.coo_array(graph.maximum(graph.T))
    order = np.lexsort((both.col, both.row))
    return Neighbours(both.row[order].astype(np.int32), both.col[order].astype(np.int32), both.data[order])


def nearest_known(known: list[str], new: list[str], most: int) -> Neighbours:
    """Of each ``new`` text the ``most`` nearest ``known`` ones; nothing of it depends on the other new texts.

    >>> found = nearest_known(["red rose soap", "green tea"], ["red soap", "coffee"], most=1)
    >>> found.places.tolist(), found.nearest.tolist()
    ([0], [0])

    Returns:
        Pairs in this direction alone: ``places`` of new texts, ``nearest`` of known ones.
    """
    vectors = word_vectors([*known, *new], COMMON, len(known))
    others, own = vectors[: len(known)], vectors[len(known) :]
    empty = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    parts = [empty, *(_of_block(own, others, first, most, len(known)) for first in range(0, len(new), BLOCK))]
    rows, columns, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((columns, rows))
    return Neighbours((rows[order] - len(known)).astype(np.int32), columns[order].astype(np.int32), cosines[order])


def _of_block(own: Any, others: Any, first: int, most: int, place: int = 0) -> tuple[npt.NDArray[Any], ...]:
    """Rows, columns and cosines of the nearest ``others`` of some texts; of equally near ones the earlier.

    Args:
        place: of the first of ``own`` among all texts, ``others`` first.
    """
    from scipy import sparse

    found = sparse.coo_array(own[first : first + BLOCK] @ others.T)
    # Rounded: the last digits are the processor's, and they would give each machine a dataset of its own.
    rows, columns, cosines = found.row + first + place, found.col, found.data.astype(np.float64).round(4)
    kept = (rows != columns) & (cosines > 0)
    rows, columns, cosines = rows[kept], columns[kept], cosines[kept]
    order = np.lexsort((columns, -cosines, rows))
    rows, columns, cosines = rows[order], columns[order], cosines[order]
    kept = np.arange(len(rows)) - np.searchsorted(rows, rows) < most
    return rows[kept], columns[kept], cosines[kept]
