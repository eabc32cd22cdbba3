"""What a format of model files must be able to do. Another format is a module that does it, and a line in ``BACKENDS``.

Light to import: what a format needs comes when it is asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recsys.bundle import Bundle, Signature
from recsys.core.errors import ArtifactError, ConfigError
from recsys.core.history import History

if TYPE_CHECKING:
    from recsys.export.variants import Variant
    from recsys.models.sasrec import SASRec

# The class of each format, by what ``export.format`` calls it.
BACKENDS = {"tflite": "recsys.export.tflite.backend:TFLite"}


class Inspection(NamedTuple):
    """What a file holds.

    Attributes:
        operators: how often each stands in it.
        minimum_runtime: the first releases that have them all, by runtime.
        multiply_adds: of the matrix products of one ``rerank``.
    """

    operators: dict[str, int]
    minimum_runtime: dict[str, str]
    multiply_adds: int


class Program(Protocol):
    """A file that has been loaded on this machine, for one thread.

    Attributes:
        signatures: its functions, as the manifest describes them.
    """

    signatures: dict[str, Signature]

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Call one of its functions, with all that it takes and gives checked."""

    def runners(self) -> AbstractContextManager[Mapping[str, Callable[..., Any]]]:
        """Its functions without those checks, to time them."""


class Backend(Protocol):
    """A format of model files.

    Attributes:
        model_file: what the file is called in a bundle.
    """

    model_file: str

    def convert(
        self,
        model: "SASRec",
        variant: "Variant",
        candidates: int,
        signatures: Iterable[str] = (),
        since: bytes | None = None,
        items: int | None = None,
    ) -> bytes:
        """The file of ``model``, which is as small already as ``variant`` wants it.

        Args:
            candidates, signatures: as ``Signatures`` has them.
            since: last night's file of this variant, whose codes stay where the weights hardly moved.
            items: in the vocabulary; None where the item table has no OOV buckets.

        Raises:
            ConfigError: the model cannot be encoded event by event.
            RecsysError: ``since`` is of another shape, or a part of the model has no place in this format.
        """

    def inspect(self, content: bytes) -> Inspection:
        """Read a file.

        Raises:
            RecsysError: it holds an operator that a phone lacks, or of which it is not known which release has it.
        """

    def item_rows(self, content: bytes) -> npt.NDArray[np.float32] | None:
        """The item table in a file, ``[rows, width]``, as a phone reads it; None where it cannot be told."""

    def load(
        self, model: Path | bytes, promised: dict[str, Signature] | None = None, *, plain: bool = False
    ) -> Program:
        """Make a file, or what is in one, ready to run.

        Args:
            promised: the signatures that a manifest lists; None takes all that the file has.
            plain: with other kernels than a client here has by default, as another device might.

        Raises:
            ArtifactError: no file of this format, or its signatures are not the promised.
        """


def check_format(name: str) -> None:
    """Refuse a format that nothing makes, before anything is made.

    Raises:
        ConfigError: names the formats that are known.
    """
    if name not in BACKENDS:
        raise ConfigError(f"export.format: no format {name!r} of model files; expected one of {', '.join(BACKENDS)}")


def backend_of(name: str) -> Backend:
    """The backend of a format.

    Raises:
        ConfigError: no such format.
    """
    check_format(name)
    module, kind = BACKENDS[name].split(":")
    backend: Backend = getattr(import_module(module), kind)()
    return backend


def scorer_of(bundle: Bundle) -> Callable[[History, npt.NDArray[np.int32]], npt.NDArray[np.float32]]:
    """A bundle's model of any format: from a history and candidates ``[1, C]`` to scores ``[1, C]``.

    Raises:
        ArtifactError: a format that this version does not make, or the model is not what the manifest says.
    """
    about = bundle.manifest
    if about.model_format not in BACKENDS:
        raise ArtifactError(
            f"{bundle.path}: its model_format is {about.model_format!r}, this version makes {', '.join(BACKENDS)}; "
            "export the run again"
        )
    program = backend_of(about.model_format).load(bundle.path / about.model_file, about.signatures)
    return lambda history, candidates: program.run("rerank", **history.inputs(), candidates=candidates)["scores"]
