"""Last night's bundles: what phones hold, and what tonight's stay close to."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.bundle import Bundle
from recsys.config.export import ExportConfig
from recsys.core.artifact import artifacts
from recsys.core.errors import ArtifactError
from recsys.core.vocabulary import Vocabulary
from recsys.export.backend import backend_of
from recsys.storage.copies import fetch_below

EXACTNESS = ("float32", "int8", "int4")  # of variants whose rows can be read, the most exact first


class AddedBefore(NamedTuple):
    """Items that were added to a run when last night's bundles were made of it.

    Attributes:
        names: their external ids, in the order of their rows.
        vectors: ``[names, width] float32`` as the most exact bundle holds them; None where no bundle is of the run.
        columns: their metadata, by column; an empty text where there is none.
    """

    names: tuple[str, ...] = ()
    vectors: npt.NDArray[np.float32] | None = None
    columns: Mapping[str, Sequence[str]] = MappingProxyType({})


def last_night(config: ExportConfig, *, verify: bool = True) -> dict[str, Bundle]:
    """The bundles of ``export.since``, by variant.

    Raises:
        ArtifactError: it holds none, a damaged one, or one of another format.
    """
    if config.since is None:
        return {}
    for damage in fetch_below(config.since):
        raise ArtifactError(f"export.since: {damage}")
    found = {path.name: Bundle(path, verify=verify) for path in artifacts(config.since)}
    if not found:
        raise ArtifactError(
            f"export.since {config.since}: holds no bundles; name the folder that has a folder for each variant, "
            "as recsys export prints them less the variant's name"
        )
    for one in found.values():
        if one.manifest.model_format != config.format:
            raise ArtifactError(
                f"export.since {one.path}: its model is of the format {one.manifest.model_format!r}, export.format is "
                f"{config.format!r}; name bundles of one format, or none"
            )
    return found


def added_before(bundles: Iterable[Bundle], known: Vocabulary, run_digest: str) -> AddedBefore:
    """The items of last night's ``bundles`` that are not among the ``known`` ones of a run."""
    exact = sorted(bundles, key=_inexactness)
    if not exact:
        return AddedBefore()
    first, strings = exact[0], exact[0].vocabulary.strings
    names = [strings[row] for row in range(len(strings))]
    rows = [row for row, name in enumerate(names) if name not in known]
    tables = {name: first.item_column(name) for name in first.columns}
    columns = {name: [table[row] for row in rows] for name, table in tables.items() if table is not None}
    vectors = None
    if first.manifest.run_digest == run_digest and _inexactness(first) < len(EXACTNESS):
        held = backend_of(first.manifest.model_format).item_rows(model_of(first))
        vectors = None if held is None else held[1:][rows]
    return AddedBefore(tuple(names[row] for row in rows), vectors, columns)


def model_of(bundle: Bundle) -> bytes:
    """The file of its model."""
    return (bundle.path / bundle.manifest.model_file).read_bytes()


def _inexactness(bundle: Bundle) -> int:
    """0 of the most exact; of what has vectors of its own, or such as cannot be read, more than of any other."""
    from recsys.export.variants import Variant  # which imports TensorFlow

    variant = Variant.parse(bundle.manifest.variant, None)
    if variant.of_student or variant.kept is not None or variant.base not in EXACTNESS:
        return len(EXACTNESS)
    return EXACTNESS.index(variant.base)
