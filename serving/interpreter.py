"""The only place of the device code that touches LiteRT."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter as LiteRT

from recsys.bundle import Signature
from recsys.errors import ArtefactError, DataError

MAX_TENSOR_BYTES = 1 << 30  # more than a phone has to give: refused before it is allocated


class Interpreter:
    """A model and its signatures, checked against what the bundle's manifest promises.

    Raises:
        ArtefactError: not a TFLite model, an operator this runtime lacks, tensors that no phone can hold, or
            signatures other than the manifest's.
    """

    def __init__(self, model: Path, signatures: dict[str, Signature], threads: int = 1) -> None:
        self._path = model
        self._takes = {
            name: {place: (one.shape, one.dtype) for place, one in wanted.inputs.items()}
            for name, wanted in signatures.items()
        }
        try:
            self._model = LiteRT(model_path=str(model), num_threads=threads)
            self._check_sizes()
            self._runners = {name: self._runner(name, wanted) for name, wanted in signatures.items()}
        except (ValueError, RuntimeError) as error:
            raise ArtefactError(f"{model}: LiteRT refuses the model ({_first_line(error)})") from None

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """One pass; inputs and outputs are named and shaped as the manifest says.

        Raises:
            DataError: an input is missing, unknown, or of another shape or type.
            ArtefactError: the bundle lacks the signature, or the model fails or yields numbers that are not finite.
        """
        if signature not in self._runners:
            raise ArtefactError(f"{self._path}: no signature {signature!r}; it has {', '.join(self._runners)}")
        wanted = self._takes[signature]
        found = {name: (np.shape(one), str(getattr(one, "dtype", type(one)))) for name, one in inputs.items()}
        if found != wanted:
            wrong = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
            told = "; ".join(f"{name}: {wanted.get(name)}, found {found.get(name)}" for name in sorted(wrong))
            raise DataError(f"{signature}: expected {told}")
        try:
            outputs: dict[str, npt.NDArray[Any]] = self._runners[signature](**inputs)
        except (ValueError, RuntimeError) as error:
            raise ArtefactError(f"{self._path}: {signature} failed ({_first_line(error)})") from None
        for name, value in outputs.items():
            if not np.isfinite(value).all():
                raise ArtefactError(f"{self._path}: {signature} gave {name} that is not finite; export it again")
        return outputs

    def _runner(self, name: str, wanted: Signature) -> Any:
        listed = self._model.get_signature_list()
        if name not in listed:
            raise ArtefactError(f"{self._path}: signature {name!r} is missing; the model has {', '.join(listed)}")
        runner = self._model.get_signature_runner(name)
        sides = (
            ("inputs", wanted.inputs, runner.get_input_details()),
            ("outputs", wanted.outputs, runner.get_output_details()),
        )
        for side, promised, details in sides:
            found = {key: (tuple(d["shape"].tolist()), np.dtype(d["dtype"]).name) for key, d in details.items()}
            expected = {key: (tensor.shape, tensor.dtype) for key, tensor in promised.items()}
            if found != expected:
                raise ArtefactError(f"{self._path}: {name} {side} are {found}, the manifest says {expected}")
        return runner

    def _check_sizes(self) -> None:
        for graph in range(self._model.num_subgraphs()):
            for tensor in self._model.get_tensor_details(graph):
                size = int(np.prod(tensor["shape"].astype(object))) * np.dtype(tensor["dtype"]).itemsize
                if size > MAX_TENSOR_BYTES:
                    raise ArtefactError(
                        f"{self._path}: tensor {tensor['name']!r} wants {size} bytes; no phone has them"
                    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
