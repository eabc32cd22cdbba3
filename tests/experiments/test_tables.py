"""What the terminal shows of a comparison, at the width of a small window."""

import re

import pyarrow as pa
import pytest
from rich.console import Console

from recsys.experiments.comparison import Comparison, compare
from recsys.experiments.measured_run import MeasuredRun
from recsys.experiments.pairing import pair_with
from recsys.experiments.tables import difference_table, least_width, quality_table


def stored(config: str, seed: int, value: float) -> MeasuredRun:
    settings = {
        "evaluation.filter_seen": "True",
        "model.dropout": f"0.{1 + 'abcd'.index(config)}",
        "model.memory.window": config,
    }
    metrics = {f"test/{name}": value for name in ("hr@10", "ndcg@10", "mrr", "hr@20")}
    return MeasuredRun(
        run_id=f"id-{config}{seed}",
        name="movielens-100k",
        digest=f"{config}{seed}".ljust(32, "0"),
        config_digest=config * 32,
        dataset_digest="d",
        protocol="leave_one_out",
        seed=seed,
        data="movielens-100k",
        parameters=settings,
        metrics=metrics,
    )


def paired(configs: str, seeds: int, metric: str = "ndcg@10") -> Comparison:
    runs = [stored(config, seed, 0.1 + seed / 100) for config in configs for seed in range(seeds)]
    ranks = pa.table({"user_id": ["a", "b"], "target": [1, 1], "rank": [1.0, 2.0]})
    return pair_with(compare(runs, metric=metric), f"work/runs/{runs[0].digest}", lambda run, baseline: ranks)


def printed(table: object, width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_four_configs_over_seeds_fit_eighty_columns_with_every_digit() -> None:
    comparison = paired("abcd", 3)
    table = quality_table(comparison)
    assert least_width(table) <= 80
    text = printed(table, 80)
    assert len(re.findall(r"0\.1100 ± 0\.0248", text)) == 4 * 3, "0.1, 0.11, 0.12: .11 ± 4.303 · .01 / √3"
    assert "…" not in text
    assert all(f"dropout 0.{number}" in text for number in (1, 2, 3, 4))
    assert "4 configs, test split" in text
    differences = difference_table(comparison)
    assert least_width(differences) <= 80
    text = printed(differences, 80)
    assert text.count("+0.0000 … +0.0000") == 3
    assert "paired over 2 users" in text


@pytest.mark.parametrize("metric", ["ndcg@10", "hr@20"])
def test_the_least_width_is_enough(metric: str) -> None:
    table = quality_table(paired("ab", 2, metric))
    width = least_width(table)
    text = printed(table, width)
    assert text.count(" ± ") == 2 * (3 if metric == "ndcg@10" else 4) + 1
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def test_one_run_has_neither_plural_nor_interval() -> None:
    text = printed(quality_table(compare([stored("a", 1, 0.3)])), 80)
    assert "1 config, test split" in text
    assert "±" not in text
