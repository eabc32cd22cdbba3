"""Product quantization of an item table: which centroid stands for each part of each row."""

import warnings

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import kmeans2

CHOICES = 256
PART_WIDTH = 4
ROUNDS = 25


def product_quantize(table: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Cut rows into parts of ``PART_WIDTH`` numbers and cluster each part's values (Jégou et al., 2011).

    Args:
        table: ``[rows, width] float32``; ``width`` a multiple of ``PART_WIDTH``.

    Returns:
        ``(codes [rows, parts] uint8, centroids [parts, 256, PART_WIDTH] float32)``.
    """
    rows, width = table.shape
    parts = width // PART_WIDTH
    codes = np.zeros((rows, parts), np.uint8)
    centroids = np.zeros((parts, CHOICES, PART_WIDTH), np.float32)
    for part in range(parts):
        values = table[:, part * PART_WIDTH : (part + 1) * PART_WIDTH].astype(np.float64)
        distinct, which = np.unique(values, axis=0, return_inverse=True)
        if len(distinct) <= CHOICES:
            centroids[part, : len(distinct)], codes[:, part] = distinct, which
            continue
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="One of the clusters is empty")  # it stands for nothing then
            found, chosen = kmeans2(values, CHOICES, iter=ROUNDS, minit="++", missing="warn", rng=part)
        centroids[part], codes[:, part] = found, chosen
    return codes, centroids
