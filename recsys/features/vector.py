"""Vectors that a team has already: embeddings of sentences, images or sound."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from recsys.core.errors import DataError
from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import Encoder

ALIKE = 0.5  # cosine from which vectors count as shared


@dataclass(frozen=True)
class VectorEncoder(Encoder):
    """Vectors of ``width`` numbers, brought to length 1; of 0 numbers where no item had one.

    >>> VectorEncoder(2).encode("image", np.array([[3.0, 4.0], [0.0, 0.0]])).rows.round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    width: int
    is_readable: ClassVar[bool] = False

    @classmethod
    def fit(cls, column: npt.NDArray[np.float32], trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        """Nothing but the width is learned; another one than ``before`` is refused when it is encoded."""
        return before if before is not None and before.width else cls(column.shape[1])

    def encode(self, name: str, column: npt.NDArray[np.float32]) -> EncodedFeature:
        """The directions; an item without a vector has zeros, and so have all where none had one, then or now.

        Raises:
            DataError: vectors of another width.
        """
        if not (self.width and column.shape[1]):
            return EncodedFeature(name, 0, np.zeros((len(column), max(self.width, 1)), np.float32))
        if column.shape[1] != self.width:
            raise DataError(
                f"column {name!r}: its vectors have {column.shape[1]} numbers, those fitted on {self.width}; "
                "give vectors of the same model, or train anew"
            )
        return EncodedFeature(name, 0, directions(column))

    def shared(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[str, ...] | None:
        return () if alike(first, second) else None

    def to_json(self) -> dict[str, Any]:
        return {"width": self.width}

    @classmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        return cls(fitted["width"])


def alike(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> bool:
    """Whether two vectors of length 1 are so near that what they say counts as shared; zeros never are."""
    return float(first @ second) >= ALIKE


def directions(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """``vectors [n, width]`` brought to length 1; one of zeros stays."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), np.float32)
