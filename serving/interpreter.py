"""The only place of the device code that touches LiteRT."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter as LiteRT

from recsys.bundle import Signature
from recsys.core.errors import ArtifactError, DataError

MAX_TENSOR_BYTES = 1 << 30  # more than a phone has to give: refused before it is allocated


class Interpreter:
    """A model and its signatures, checked against what the bundle's manifest promises. Safe to share among threads.

    TFLite's interpreters are not: each serves one thread at a time here, and who finds none free waits for one.

    Args:
        threads: how many each pass may use.
        at_once: how many passes may run side by side, each in an interpreter of its own over the one mapped file.

    Raises:
        ArtifactError: not a TFLite model, an operator this runtime lacks, tensors that no phone can hold, or
            signatures other than the manifest's.
    """

    def __init__(self, model: Path, signatures: dict[str, Signature], threads: int = 1, at_once: int = 1) -> None:
        self._path = model
        self._takes = {
            name: {place: (one.shape, one.dtype) for place, one in wanted.inputs.items()}
            for name, wanted in signatures.items()
        }
        self._free: LifoQueue[dict[str, Any]] = LifoQueue()  # of runners by signature; the last used has warm caches
        try:
            for _ in range(at_once):
                loaded = LiteRT(model_path=str(model), num_threads=threads)
                self._check_sizes(loaded)
                self._free.put({name: self._runner(loaded, name, wanted) for name, wanted in signatures.items()})
        except (ValueError, RuntimeError) as error:
            raise ArtifactError(f"{model}: LiteRT refuses the model ({_first_line(error)})") from None

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """One pass; inputs and outputs are named and shaped as the manifest says.

        Raises:
            DataError: an input is missing, unknown, or of another shape or type.
            ArtifactError: the bundle lacks the signature, or the model fails or yields numbers that are not finite.
        """
        if signature not in self._takes:
            raise ArtifactError(f"{self._path}: no signature {signature!r}; it has {', '.join(self._takes)}")
        wanted = self._takes[signature]
        found = {name: (np.shape(one), str(getattr(one, "dtype", type(one)))) for name, one in inputs.items()}
        if found != wanted:
            wrong = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
            told = "; ".join(f"{name}: {wanted.get(name)}, found {found.get(name)}" for name in sorted(wrong))
            raise DataError(f"{signature}: expected {told}")
        try:
            with self._lent() as runners:
                outputs: dict[str, npt.NDArray[Any]] = runners[signature](**inputs)  # copies of the model's tensors
        except (ValueError, RuntimeError) as error:
            raise ArtifactError(f"{self._path}: {signature} failed ({_first_line(error)})") from None
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise ArtifactError(f"{self._path}: {signature} gave {name} that is not finite; export it again")
        return outputs

    @contextmanager
    def _lent(self) -> Iterator[dict[str, Any]]:
        runners = self._free.get()
        try:
            yield runners
        finally:
            self._free.put(runners)

    def _runner(self, model: Any, name: str, wanted: Signature) -> Any:
        listed = model.get_signature_list()
        if name not in listed:
            raise ArtifactError(f"{self._path}: signature {name!r} is missing; the model has {', '.join(listed)}")
        runner = model.get_signature_runner(name)
        sides = (
            ("inputs", wanted.inputs, runner.get_input_details()),
            ("outputs", wanted.outputs, runner.get_output_details()),
        )
        for side, promised, details in sides:
            found = {key: (tuple(d["shape"].tolist()), np.dtype(d["dtype"]).name) for key, d in details.items()}
            expected = {key: (tensor.shape, tensor.dtype) for key, tensor in promised.items()}
            if found != expected:
                raise ArtifactError(f"{self._path}: {name} {side} are {found}, the manifest says {expected}")
        return runner

    def _check_sizes(self, model: Any) -> None:
        for graph in range(model.num_subgraphs()):
            for tensor in model.get_tensor_details(graph):
                size = int(np.prod(tensor["shape"].astype(object))) * np.dtype(tensor["dtype"]).itemsize
                if size > MAX_TENSOR_BYTES:
                    raise ArtifactError(
                        f"{self._path}: tensor {tensor['name']!r} wants {size} bytes; no phone has them"
                    )


def runtime_name() -> str:
    """What runs the models here, for a person to look up: package, version and processor."""
    try:
        release = version("ai-edge-litert")
    except PackageNotFoundError:  # copied to the device without its metadata
        release = "of unknown version"
    return f"ai-edge-litert {release} on {platform.machine()}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
