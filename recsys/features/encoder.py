"""What every kind of feature is to the rest: fitted on a column, kept with a dataset, and asked what its codes mean."""

from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from recsys.core.digests import digest
from recsys.features.encoded import EncodedFeature

Column = Any
"""A column of an item table, checked: a list of strings an item of a category, ``float64`` with NaN of a number, a
string or null of a text, ``[items, width] float32`` of vectors; ``width`` is 0 where no item has one."""


class Fingerprint(NamedTuple):
    """What a feature's codes mean: a digest of its encoder and, where values may come after, how many that covers."""

    digest: str
    values: int = 0


class Encoder(ABC):
    """Makes of a column what a model reads.

    Attributes:
        is_readable: whether a cell is something that people read: then the column is metadata of the items, too, and
            is read from a CSV as it is written there.
    """

    is_readable: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def fit(cls, column: Column, trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        """Learn of the items that train.

        Args:
            trained: ``[items] bool``.
            before: of the dataset that is extended: what it has learned keeps its meaning.
        """

    @abstractmethod
    def encode(self, name: str, column: Column) -> EncodedFeature:
        """The feature of every item.

        Raises:
            DataError: the column is none that was fitted on.
        """

    @abstractmethod
    def shared(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[str, ...] | None:
        """The values that two items both have, the rarest first; none where they are alike and no value can be named.

        Args:
            first, second: ``[width]``, an item's row of the encoded feature.

        Returns:
            None where they share nothing; what is known of neither is not shared.
        """

    def to_json(self) -> dict[str, Any]:
        """What was fitted, but for ``arrays``."""
        return {}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What was fitted and is too large for JSON."""
        return {}

    @classmethod
    @abstractmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        """The encoder of which ``to_json`` and ``arrays`` gave these."""

    def fingerprint(self, values: int | None = None) -> Fingerprint:
        """What its codes mean, or what the first so many ``values`` mean where others may come after them."""
        hashes = {name: sha256(one.tobytes()).hexdigest() for name, one in self.arrays().items()}
        return Fingerprint(digest({**self.to_json(), **hashes}))


class CodedEncoder(Encoder):
    """Gives items codes that stand for values."""

    @abstractmethod
    def label(self, code: int) -> str | None:
        """The value that a code stands for; None of 0, and of what is not known."""

    def shared(self, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[str, ...] | None:
        both = sorted({*first.tolist()} & {*second.tolist()}, reverse=True)  # of a category, the rarer the later
        return tuple(label for label in map(self.label, both) if label is not None) or None
