"""How long a converted model takes on the machine that exports it."""

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.export.backend import Program

ROUNDS = 25


def median_ms(program: Program, requests: list[dict[str, npt.NDArray[Any]]]) -> float:
    """Median milliseconds of one ``rerank``, over ``ROUNDS`` of ``requests`` after one to warm up: without checks."""
    times = []
    with program.runners() as runners:
        for timed in range(-1, ROUNDS):
            for request in requests:
                start = time.perf_counter()
                runners["rerank"](**request)
                if timed >= 0:
                    times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)
