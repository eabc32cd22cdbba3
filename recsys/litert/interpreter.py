"""A TFLite model in LiteRT: on the phone, at export and when a model is promoted. Nothing else runs one."""

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
from ai_edge_litert.interpreter import OpResolverType

from recsys.bundle import Signature, Tensor
from recsys.core.errors import ArtifactError, DataError

MAX_TENSOR_BYTES = 1 << 30  # more than a phone has to give: refused before it is allocated


class Interpreter:
    """A model and its signatures, checked against what was promised of them. Safe to share among threads.

    TFLite's interpreters are not: each serves one thread at a time here, and who finds none free waits for one.

    Args:
        model: a file, which is mapped, or what is in one.
        promised: the signatures that the bundle's manifest lists; None takes all that the model has.
        threads: how many each pass may use.
        at_once: how many passes may run side by side, each in an interpreter of its own over the one mapped file.
        plain: use the built-in kernels rather than XNNPACK's, as another device might.

    Attributes:
        signatures: those that ``run`` takes.

    Raises:
        ArtifactError: not a TFLite model, an operator this runtime lacks, tensors that no phone can hold, or
            signatures other than the promised.
    """

    def __init__(
        self,
        model: Path | bytes,
        promised: dict[str, Signature] | None = None,
        threads: int = 1,
        at_once: int = 1,
        *,
        plain: bool = False,
    ) -> None:
        self._name = str(model) if isinstance(model, Path) else f"a model of {len(model)} bytes"
        source = {"model_path": str(model)} if isinstance(model, Path) else {"model_content": model}
        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else OpResolverType.AUTO
        self._free: LifoQueue[dict[str, Any]] = LifoQueue()  # of runners by signature; the last used has warm caches
        try:
            for _ in range(at_once):
                loaded = LiteRT(**source, num_threads=threads, experimental_op_resolver_type=kernels)
                self._check_sizes(loaded)
                names = loaded.get_signature_list() if promised is None else promised
                runners = {name: self._runner(loaded, name) for name in names}
                self.signatures = {name: _signature(runner) for name, runner in runners.items()}
                self._check_signatures(promised)
                self._free.put(runners)
        except (ValueError, RuntimeError) as error:
            raise ArtifactError(f"{self._name}: LiteRT refuses the model ({_first_line(error)})") from None
        self._takes = {
            name: {key: (one.shape, one.dtype) for key, one in signature.inputs.items()}
            for name, signature in self.signatures.items()
        }

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """One pass; inputs and outputs are named and shaped as ``signatures`` says.

        Raises:
            DataError: an input is missing, unknown, or of another shape or type.
            ArtifactError: there is no such signature, or the model fails or yields numbers that are not finite.
        """
        if signature not in self._takes:
            raise ArtifactError(f"{self._name}: no signature {signature!r}; it has {', '.join(self._takes)}")
        wanted = self._takes[signature]
        found = {name: (np.shape(one), str(getattr(one, "dtype", type(one)))) for name, one in inputs.items()}
        if found != wanted:
            wrong = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
            told = "; ".join(f"{name}: {wanted.get(name)}, found {found.get(name)}" for name in sorted(wrong))
            raise DataError(f"{signature}: expected {told}")
        try:
            with self.runners() as runners:
                outputs: dict[str, npt.NDArray[Any]] = runners[signature](**inputs)  # copies of the model's tensors
        except (ValueError, RuntimeError) as error:
            raise ArtifactError(f"{self._name}: {signature} failed ({_first_line(error)})") from None
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise ArtifactError(f"{self._name}: {signature} gave {name} that is not finite; export it again")
        return outputs

    @contextmanager
    def runners(self) -> Iterator[dict[str, Any]]:
        """LiteRT's own runners by signature, unchecked and nobody else's until given back: to time the bare model."""
        runners = self._free.get()
        try:
            yield runners
        finally:
            self._free.put(runners)

    def _runner(self, model: Any, name: str) -> Any:
        listed = model.get_signature_list()
        if name not in listed:
            raise ArtifactError(f"{self._name}: signature {name!r} is missing; the model has {', '.join(listed)}")
        return model.get_signature_runner(name)

    def _check_signatures(self, promised: dict[str, Signature] | None) -> None:
        for name, wanted in (promised or {}).items():
            found = self.signatures[name]
            for side in ("inputs", "outputs"):
                has, says = getattr(found, side), getattr(wanted, side)
                if has != says:
                    raise ArtifactError(f"{self._name}: {name} {side} are {has}, the manifest says {says}")

    def _check_sizes(self, model: Any) -> None:
        for graph in range(model.num_subgraphs()):
            for tensor in model.get_tensor_details(graph):
                size = int(np.prod(tensor["shape"].astype(object))) * np.dtype(tensor["dtype"]).itemsize
                if size > MAX_TENSOR_BYTES:
                    raise ArtifactError(
                        f"{self._name}: tensor {tensor['name']!r} wants {size} bytes; no phone has them"
                    )


def runtime_name() -> str:
    """What runs the models here, for a person to look up: package, version and processor."""
    try:
        release = version("ai-edge-litert")
    except PackageNotFoundError:  # copied to the device without its metadata
        release = "of unknown version"
    return f"ai-edge-litert {release} on {platform.machine()}"


def _signature(runner: Any) -> Signature:
    return Signature(_tensors(runner.get_input_details()), _tensors(runner.get_output_details()))


def _tensors(details: dict[str, Any]) -> dict[str, Tensor]:
    return {
        name: Tensor(tuple(detail["shape"].tolist()), np.dtype(detail["dtype"]).name)
        for name, detail in sorted(details.items())
    }


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
