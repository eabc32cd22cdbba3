"""Any artifact by its directory."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json
from recsys.core.schema import MANIFEST
from recsys.storage.copies import here

if TYPE_CHECKING:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.artifacts.scores import Scores
    from recsys.bundle import Bundle
    from recsys.models.sasrec import SASRec

    Opened: TypeAlias = Dataset | Run | Bundle | Scores


def load(path: Path | str) -> "Opened":
    """The dataset, run, bundle or scores in the directory ``path``, whichever its manifest says.

    A bundle's files are checked against their hashes at once, those of the others by ``verify()``.

    Raises:
        ArtifactError: nothing of these is there, or it is damaged or of a newer format.
    """
    directory = here(path)
    try:
        manifest = read_json(directory / MANIFEST)
    except OSError:
        raise ArtifactError(f"{directory}: no artifact here ({MANIFEST} is missing or cannot be read)") from None
    kind = manifest.get("kind") if isinstance(manifest, dict) else None
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.artifacts.scores import Scores
    from recsys.bundle import Bundle
    from recsys.bundle.bundle import KIND

    openers: dict[str, Callable[[Path], Opened]]
    openers = {Dataset.kind: Dataset, Run.kind: Run, KIND: Bundle, Scores.kind: Scores}
    if not isinstance(kind, str) or kind not in openers:
        raise ArtifactError(f"{directory / MANIFEST}: kind must be one of {', '.join(openers)}, found {kind!r}")
    return openers[kind](directory)


def load_model(run: "Run") -> "SASRec":
    """The Keras model of a finished ``run``, with its weights.

    Raises:
        ArtifactError: the run is not finished, or its files are not what its manifest says.
    """
    from recsys.models.loading import load_run

    return load_run(run)
