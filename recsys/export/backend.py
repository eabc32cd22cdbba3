"""What a format of model files must be able to do; another format is a file that does it, given to the exporter."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import numpy.typing as npt

from recsys.bundle import MinimumRuntime, Signature
from recsys.export.variants import Variant
from recsys.models.sasrec import SASRec


class Inspection(NamedTuple):
    """What a file holds.

    Attributes:
        operators: how often each stands in it.
        minimum_runtime: the first releases that have them all.
        multiply_adds: of the matrix products of one ``rerank``.
    """

    operators: dict[str, int]
    minimum_runtime: MinimumRuntime
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
    """A format of model files."""

    def convert(
        self,
        model: SASRec,
        variant: Variant,
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

    def load(self, content: bytes, *, plain: bool = False) -> Program:
        """Make a file ready to run.

        Args:
            plain: with other kernels than a client here has by default, as another device might.
        """
