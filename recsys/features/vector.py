"""Vectors that a team has already: embeddings of sentences, images or sound."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from recsys.core.errors import DataError
from recsys.features.encoded import EncodedFeature


class VectorEncoder(NamedTuple):
    """Vectors of ``width`` numbers, brought to length 1; of 0 numbers where no item had one.

    >>> VectorEncoder(2).encode("image", np.array([[3.0, 4.0], [0.0, 0.0]])).rows.round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    width: int

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

    def to_json(self) -> dict[str, Any]:
        return {"width": self.width}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(value["width"])


def directions(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """``vectors [n, width]`` brought to length 1; one of zeros stays."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), np.float32)
