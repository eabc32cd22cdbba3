"""A log whose transitions depend on a category alone, with items that nobody touches before the test."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config, parse_config

CATEGORIES, WARM, COLD = 8, 12, 4  # kinds of items, and items of each
USERS, LENGTH, DAY = 400, 16, 86_400
TEST_DAY = 14
BASKET = {"blocks": 1, "width": 16, "max_length": 8, "heads": 1, "memory": None, "dropout": 0.1}


class Trained(NamedTuple):
    """A run, and all that it was made of."""

    config: Config
    dataset: Dataset
    run: Run


def write_chain(folder: Path, users: int = USERS) -> None:
    """Users who go from an item of category c to any of category c + 1; on the last two days to one that is cold, too.

    Items are called ``CATEGORY-NUMBER``; those from number ``WARM`` on are cold.
    """
    random = np.random.default_rng(0)
    lines = ["user_id,item_id,timestamp"]
    for user in range(users):
        first = int(random.integers(CATEGORIES))
        for day in range(LENGTH):
            category = (first + day) % CATEGORIES
            number = int(random.integers(WARM if day < TEST_DAY else WARM + COLD))
            lines.append(f"u{user},{category}-{number},{day * DAY + user}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    described = [f"{c}-{n},Item {n} of {c},kind {c}|any" for c in range(CATEGORIES) for n in range(WARM + COLD)]
    (folder / "items.csv").write_text("\n".join(["item_id,title,kind", *described]) + "\n")


def chain_config(folder: Path, features: dict[str, Any] | None = None, **model: Any) -> Config:
    """A recipe for the log in ``folder``."""
    items: dict[str, Any] = {"path": str(folder / "items.csv"), "title": "title"}
    items["features"] = {"kind": "category"} if features is None else features
    return parse_config(
        {
            "data": {"path": str(folder / "log.csv"), "items": items},
            "prepare": {
                "k_core": 1,
                "split": "temporal",
                "validation_from": f"1970-01-{TEST_DAY:02}",
                "test_from": f"1970-01-{TEST_DAY + 1:02}",
            },
            "model": {**BASKET, **model},
            "training": {"epochs": 20, "learning_rate": 0.01, "batch_size": 64, "negatives": {"uniform": 64}},
            "export": {"candidates": 32, "variants": ["float32", "int8"]},
            "tracking": {"enabled": False},
        }
    )
