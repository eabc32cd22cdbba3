"""The items nearest to each of many, by the cosine of their vectors."""

import numpy as np
import numpy.typing as npt

from recsys.scoring.item_index import ItemIndex
from recsys.scoring.queries import plain_queries
from recsys.scoring.recommend import LeftOut, TopItems, rank_queries

RELATED = 8192  # items whose lists are written together


def directed(unit: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which of the vectors point anywhere, ``[n]``: one of zeros is near nothing."""
    some: npt.NDArray[np.bool_] = (unit != 0).any(axis=1)
    return some


def related(index: ItemIndex, ids: npt.NDArray[np.int32], k: int) -> TopItems:
    """The ``k`` items of ``index`` nearest to each of ``ids``, but itself; all its vectors are of length 1.

    Items of equal cosine follow one another by their ids, as in ``similar_items``.
    """
    k = min(k, len(index.shown))
    columns = index.columns[ids]
    own = np.flatnonzero(columns >= 0)
    queries, left_out = plain_queries(index.table[ids]), LeftOut(own, columns[own], len(ids))
    ranked = rank_queries(index, queries, k, left_out, np.arange(len(ids)))
    ranked.scores[~directed(queries.vectors)] = -np.inf
    return ranked
