"""TFLite models on the machine that exports them: for parity, goldens, quality and latency."""

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from recsys.bundle import Signature, Tensor


class Runtime:
    """A model with one thread.

    Args:
        plain: use the built-in kernels rather than XNNPACK's, as another device might.
    """

    def __init__(self, model: bytes, *, plain: bool = False) -> None:
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if plain else OpResolverType.AUTO
        self._interpreter = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
        self._runners = {n: self._interpreter.get_signature_runner(n) for n in self._interpreter.get_signature_list()}

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        outputs: dict[str, npt.NDArray[Any]] = self._runners[signature](**inputs)
        return outputs

    def signatures(self) -> dict[str, Signature]:
        """What the manifest says of the model's inputs and outputs."""
        return {
            name: Signature(_tensors(runner.get_input_details()), _tensors(runner.get_output_details()))
            for name, runner in self._runners.items()
        }

    def median_ms(self, signature: str, requests: list[dict[str, npt.NDArray[Any]]], rounds: int) -> float:
        """Median milliseconds of ``rounds`` passes over ``requests``, after one to warm up."""
        runner = self._runners[signature]
        times = []
        for timed in range(-1, rounds):
            for request in requests:
                start = time.perf_counter()
                runner(**request)
                if timed >= 0:
                    times.append(time.perf_counter() - start)
        return float(np.median(times) * 1e3)


def _tensors(details: dict[str, Any]) -> dict[str, Tensor]:
    return {
        name: Tensor(tuple(detail["shape"].tolist()), np.dtype(detail["dtype"]).name)
        for name, detail in sorted(details.items())
    }
