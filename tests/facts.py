"""What the manifests of made-up artifacts say where a test does not care."""

from typing import Any

INPUTS: dict[str, Any] = {"log": [], "items": None, "relations": None, "data": {}, "prepare": {}, "extends": None}
DATASET: dict[str, Any] = {"config_digest": "c" * 32, "split": "leave_one_out", "inputs": INPUTS}
RUN: dict[str, Any] = {
    "digest": "d" * 32,
    "name": "run",
    "config_digest": "c" * 32,
    "seed": 1,
    "protocol": "leave_one_out",
    "request_time": False,
    "dataset_digest": "0" * 32,
    "table_size": 3,
    "vocabulary_digest": "1" * 32,
    "started": "2026-01-01T00:00:00+00:00",
}
