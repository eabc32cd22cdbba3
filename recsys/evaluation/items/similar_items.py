"""Which items are near one another: by all that a model has learned, by their events alone, and by their features."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.core.schema import PAD_ID
from recsys.models.items import FeaturedItems
from recsys.models.loading import load_unfolded


class Neighbour(NamedTuple):
    """An item, by its own id, and the cosine of its vector with that of the item that was asked for."""

    item: str
    cosine: float


def similar_items(
    run: Run, dataset: Dataset, item: str, k: int = 10, tables: dict[str, npt.NDArray[np.float32]] | None = None
) -> dict[str, list[Neighbour]]:
    """The ``k`` items nearest to ``item``, nearest first, by each of the vectors that ``run`` has of it.

    Args:
        tables: ``item_vectors`` of the run, where they have been read already.

    Returns:
        ``embedding``: by the vectors that rank. Of a model with ``data.items.features``, also ``own``, by the part that
        events alone have taught (empty for an item that has none), and ``features``, by the other.

    Raises:
        DataError: ``dataset`` has no such item.
        ArtifactError: the run is not finished or damaged, or was trained on another dataset.
    """
    check_trained_on(run, dataset)
    dataset.check_has([item])
    number, names = int(dataset.vocabulary.encode([item])[0]), dataset.vocabulary.external_ids
    found = {kind: nearest(rows[: len(names) + 1], number, k) for kind, rows in (tables or item_vectors(run)).items()}
    return {
        kind: [Neighbour(names[one - 1], float(cosine)) for one, cosine in zip(*near, strict=True)]
        for kind, near in found.items()
    }


def item_vectors(run: Run) -> dict[str, npt.NDArray[np.float32]]:
    """What ``run`` has learned of items: vectors by internal id, ``[rows, width]``, by the names of ``similar_items``.

    Raises:
        ArtifactError: the run is not finished or damaged.
    """
    items = load_unfolded(run).trained_items
    tables = {"embedding": items.vectors()}
    if isinstance(items, FeaturedItems):
        tables |= {"own": items.own_vectors(), "features": items.feature_vectors()}
    return tables


def nearest(
    vectors: npt.NDArray[np.float32], row: int, k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The ``k`` rows of the highest cosine with ``row``, itself and padding left out; ties go to the lower row.

    Args:
        vectors: ``[rows, width]``; one of zeros is near nothing.

    Returns:
        ``(rows [k], cosines [k])``, fewer where there are fewer.
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    scale = lengths * lengths[row]
    cosines = np.where(scale > 0, vectors @ vectors[row].astype(np.float64), -np.inf) / np.where(scale > 0, scale, 1.0)
    cosines[[PAD_ID, row]] = -np.inf
    order = np.argsort(-cosines, kind="stable")[:k]
    order = order[np.isfinite(cosines[order])]
    return order, cosines[order]
