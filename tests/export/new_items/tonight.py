"""The chain of categories' bundles, and the same with items that came tonight."""

from pathlib import Path
from typing import Any

import recsys
from recsys.bundle import Bundle
from recsys.bundle.strings import StringTable
from tests.chain_of_categories import CATEGORIES, COLD, WARM, Trained

NEW = WARM + COLD  # the number of an item that came tonight


def history(category: int) -> list[recsys.Event]:
    return [recsys.Event(f"{(category - back) % CATEGORIES}-{back}", 10 - back) for back in range(5)]


def best_of(path: Path, category: int, number: int) -> str:
    """Which category's item of this number a phone ranks highest after an item of ``category``."""
    ranked = recsys.Reranker(path).rerank(history(category), [f"{c}-{number}" for c in range(CATEGORIES)])
    return ranked[0].item


def added(trained: Trained, file: Path, work_dir: Path, **settings: Any) -> list[Bundle]:
    export = trained.config.export.model_copy(update={"items": file, **settings})
    config = trained.config.model_copy(update={"export": export})
    return recsys.export_bundles(trained.run, trained.dataset, config, work_dir)


def titles(bundle: Bundle) -> StringTable:
    table = bundle.item_column("title")
    assert table is not None
    return table
