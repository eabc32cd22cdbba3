"""A ring of items to train on."""

from typing import Any

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config import Config, parse_config
from tests.tiny_dataset import write_dataset

ITEMS, USERS = 20, 60


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Users who walk round a ring of items, two steps at a time more often than one."""
    rng = np.random.default_rng(0)
    histories = []
    for _ in range(USERS):
        steps = rng.choice([1, 2], rng.integers(4, 15), p=[0.2, 0.8])
        histories.append((rng.integers(ITEMS) + np.cumsum(steps)) % ITEMS + 1)
    seen = np.bincount(np.concatenate(histories), minlength=ITEMS + 1)[1:]
    names = [f"i{number}" for number in range(1, ITEMS + 1)]
    return write_dataset(tmp_path_factory.mktemp("dataset"), histories, names, seen, {"users": USERS}, {})


def changed(config: Config, **training: Any) -> Config:
    return config.model_copy(update={"training": config.training.model_copy(update=training)})


@pytest.fixture(scope="session")
def config() -> Config:
    return parse_config(
        {
            "data": {"name": "ring"},
            "model": {
                "max_length": 10,
                "width": 8,
                "blocks": 1,
                "dropout": 0.2,
                "positions": "newest",
                "memory": {"window": 3, "neighbours": 4, "newest": 3},
            },
            "training": {
                "epochs": 4,
                "validate_every": 1,
                "schedule": "constant",
                "events": "newest",
                "batch_size": 16,
                "warmup_steps": 0,
                "negatives": {"uniform": 15},
                "deterministic": True,
            },
        }
    )
