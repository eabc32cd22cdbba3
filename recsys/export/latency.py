"""How long a converted model takes on the machine that exports it."""

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.export.backend import Program


def median_ms(program: Program, signature: str, requests: list[dict[str, npt.NDArray[Any]]], rounds: int) -> float:
    """Median milliseconds of ``rounds`` passes over ``requests``, after one to warm up: the model's, without checks."""
    times = []
    with program.runners() as runners:
        for timed in range(-1, rounds):
            for request in requests:
                start = time.perf_counter()
                runners[signature](**request)
                if timed >= 0:
                    times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)
