"""What the shared tables show."""

from dataclasses import replace

from rich.console import Console

from recsys.cli.results.runs import EvaluateResult
from recsys.cli.tables import bundle_table, quality_table


def printed(table: object) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_the_model_stands_last_with_its_spread() -> None:
    model = {"hr@10": 0.5, "hr@10_std": 0.0, "ndcg@10": 0.1235, "ndcg@10_std": 0.0001}
    popularity = {"hr@10": 0.2, "hr@10_std": 0.0, "ndcg@10": 0.1, "ndcg@10_std": 0.0}
    result = EvaluateResult(
        "leave_one_out", False, "test", "d", 70, 60, [1, 2], model, {"popularity": popularity}, None
    )
    text = printed(quality_table(result))
    assert "test items, protocol leave_one_out" in text
    told = printed(quality_table(replace(result, request_time=True)))
    assert ("the time of each known" in text, "60 users, the time of each known;" in told) == (False, True)
    assert "70 targets of 60 users; mean of 2 seeds ± half of their 95 % interval" in text
    assert text.index("popularity") < text.index("self-attention")
    # Student's t for one degree of freedom is 12.706: 12.706 × 0.0001 / sqrt(2)
    assert "0.1235 ± 0.0009" in text
    assert "0.5000 ± 0.0000" in text, "seeds that agree have an interval, too"
    assert "0.1000 ±" not in text, "a baseline is the same whatever the seed"
    one = {name: None if name.endswith("_std") else value for name, value in model.items()}
    assert "±" not in printed(quality_table(replace(result, seeds=[1], model=one, baselines={})))


def test_a_bundle_is_shown_by_size_latency_and_quality() -> None:
    facts = {"bytes": 3 * 1024, "median_ms": 0.128, "validation": {"ndcg@10": 0.25}, "test": {"ndcg@10": 0.2}}
    text = printed(bundle_table({"int8": facts}))
    row = next(line for line in text.splitlines() if "int8" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["int8", "3 KiB", "0.13 ms", "0.2500", "0.2000"]
