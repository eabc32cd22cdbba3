"""The encoders of all features of an item table: fitted on the items that train, kept beside what they encoded."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json, write_json
from recsys.features.category import CategoryEncoder
from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import Column, Encoder, Fingerprint
from recsys.features.number import NumberEncoder
from recsys.features.text import TextEncoder
from recsys.features.vector import VectorEncoder

KINDS: dict[str, type[Encoder]] = {
    "category": CategoryEncoder,
    "number": NumberEncoder,
    "text": TextEncoder,
    "vector": VectorEncoder,
}
ENCODERS_FILE, ARRAYS_FILE, ENCODED_FILE = "encoders.json", "arrays.npz", "items.parquet"


class Encoders(NamedTuple):
    """An encoder a feature, by its column's name, in the order of the names."""

    by_name: dict[str, Encoder]

    @classmethod
    def fit(
        cls,
        columns: Mapping[str, Column],
        kinds: Mapping[str, str],
        trained: npt.NDArray[np.bool_],
        before: Self | None = None,
    ) -> Self:
        """Fit each column on the items that train.

        Args:
            columns: by name, a row an item.
            kinds: of ``KINDS``, by name.
            trained: ``[items] bool``.
            before: encoders of the dataset that is extended: what its models have learned keeps its meaning. Where it
                had a column and nothing in it, nothing was learned, and it is fitted on what is there now.
        """
        known = before.by_name if before is not None else {}
        earlier = {name: one for name, one in known.items() if name in kinds and isinstance(one, KINDS[kinds[name]])}
        return cls({name: KINDS[kinds[name]].fit(columns[name], trained, earlier.get(name)) for name in sorted(kinds)})

    def encode(self, columns: Mapping[str, Column]) -> list[EncodedFeature]:
        """Every feature of the items of ``columns``.

        Raises:
            DataError: a column's vectors are not as wide as those that were fitted on.
        """
        return [encoder.encode(name, columns[name]) for name, encoder in self.by_name.items()]

    def fingerprints(self) -> dict[str, Fingerprint]:
        """What the codes of each feature mean, by its name."""
        return {name: one.fingerprint() for name, one in self.by_name.items()}

    def changed(self, before: Mapping[str, Fingerprint]) -> list[str]:
        """The features that mean something else than under the ``fingerprints`` ``before``, or that one of them lacks.

        A category that has more values than before is the same as long as they come after those.
        """
        names = sorted(self.by_name.keys() | before.keys())
        both = self.by_name.keys() & before.keys()
        same = {name for name in both if self.by_name[name].fingerprint(before[name].values) == before[name]}
        return [name for name in names if name not in same]

    def save(self, directory: Path, encoded: list[EncodedFeature]) -> None:
        """Write the encoders and what they made of the items, in the order of the internal ids."""
        kind_of = {encoder: kind for kind, encoder in KINDS.items()}
        about = [
            {"name": one.name, "values": one.values, "kind": kind_of[type(encoder)], "fitted": encoder.to_json()}
            for one, encoder in zip(encoded, self.by_name.values(), strict=True)
        ]
        arrays = {
            f"{number}/{part}": values
            for number, encoder in enumerate(self.by_name.values())
            for part, values in encoder.arrays().items()
        }
        directory.mkdir(exist_ok=True)
        write_json(directory / ENCODERS_FILE, about)
        if arrays:
            np.savez(directory / ARRAYS_FILE, **arrays)  # type: ignore[arg-type]  # their names are any
        columns = {str(number): one.to_arrow() for number, one in enumerate(encoded)}
        pq.write_table(pa.table(columns), directory / ENCODED_FILE, compression="zstd")

    @classmethod
    def load(cls, directory: Path) -> Self:
        """What ``save`` wrote.

        Raises:
            ArtifactError: a file is damaged.
        """
        arrays: dict[str, Any] = {}
        if (directory / ARRAYS_FILE).exists():
            with np.load(directory / ARRAYS_FILE, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        by_name = {}
        for number, about in enumerate(_read(directory)):
            prefix = f"{number}/"
            own = {name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)}
            try:
                by_name[about["name"]] = KINDS[about["kind"]].restored(about["fitted"], own)
            except KeyError as error:
                raise ArtifactError(f"{directory}: feature {about['name']!r} lacks {error}; damaged") from None
        return cls(by_name)


def read_encoded(directory: Path) -> Iterator[EncodedFeature]:
    """The encoded items that ``Encoders.save`` wrote, a feature in memory at a time.

    Raises:
        ArtifactError: a file is damaged.
    """
    for number, about in enumerate(_read(directory)):
        column = pq.read_table(directory / ENCODED_FILE, columns=[str(number)]).column(0)
        feature = EncodedFeature.from_arrow(about["name"], about["values"], column)
        del column
        pa.default_memory_pool().release_unused()  # vectors', which Arrow else keeps for its next table
        yield feature


def _read(directory: Path) -> list[dict[str, Any]]:
    path = directory / ENCODERS_FILE
    about = read_json(path)
    keys = {"name", "values", "kind", "fitted"}
    if not isinstance(about, list) or not all(isinstance(one, dict) and one.keys() == keys for one in about):
        raise ArtifactError(f"{path}: expected a list of objects with the keys {', '.join(sorted(keys))}; damaged")
    return about
