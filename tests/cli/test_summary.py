"""Means over seeds, and refusing to average what is not comparable."""

import io

import pytest
from rich.console import Console

from recsys.cli.summary import combine
from recsys.cli.tables import segment_table
from recsys.core.errors import ArtifactError


def metrics(seed: int, ndcg: float, **changed: object) -> dict[str, object]:
    return {
        "protocol": "leave_one_out",
        "request_time": False,
        "split": "test",
        "dataset_digest": "d",
        "targets": 70,
        "users": 60,
        "seed": seed,
        "model": {"hr@10": 0.5, "ndcg@10": ndcg},
        "baselines": {"popularity": {"hr@10": 0.2, "ndcg@10": 0.1}},
        **changed,
    }


def test_means_and_sample_standard_deviations() -> None:
    combined = combine([metrics(1, 0.1), metrics(2, 0.2), metrics(3, 0.6)])
    assert combined.seeds == [1, 2, 3]
    assert (combined.protocol, combined.split, combined.dataset_digest) == ("leave_one_out", "test", "d")
    # mean (0.1 + 0.2 + 0.6) / 3 = 0.3; squares 0.04 + 0.01 + 0.09 = 0.14, over n - 1 = 2: 0.07
    assert combined.model["ndcg@10"] == pytest.approx(0.3)
    assert combined.model["ndcg@10_std"] == pytest.approx(0.07**0.5)
    assert combined.baselines["popularity"] == pytest.approx(
        {"hr@10": 0.2, "hr@10_std": 0, "ndcg@10": 0.1, "ndcg@10_std": 0}
    )


def test_one_seed_has_no_spread() -> None:
    assert combine([metrics(7, 0.1)]).model == {"hr@10": 0.5, "hr@10_std": None, "ndcg@10": 0.1, "ndcg@10_std": None}


@pytest.mark.parametrize("key", ["protocol", "request_time", "split", "dataset_digest", "users"])
def test_what_is_not_comparable_is_refused(key: str) -> None:
    with pytest.raises(ArtifactError, match=f"different {key} cannot be averaged"):
        combine([metrics(1, 0.1), metrics(2, 0.1, **{key: "other"})])


def test_runs_beside_other_baselines_are_refused() -> None:
    with pytest.raises(ArtifactError, match="different baselines cannot be averaged"):
        combine([metrics(1, 0.1), metrics(2, 0.1, baselines={})])


def test_segments_show_each_kind_of_target_with_every_recommender() -> None:
    value = {"mean": 0.25, "low": 0.2, "high": 0.4}
    segment = {
        "targets": 1200,
        "users": 40,
        "model": {"ndcg@10": value},
        "baselines": {"popularity": {"ndcg@10": value}},
    }
    found = combine([metrics(1, 0.1), metrics(2, 0.2)], {"activity": {"short": segment, "long": segment}})
    assert found.segments == {"activity": {"short": segment, "long": segment}}
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(segment_table(found))
    text = console.export_text()
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in text.splitlines()
        if "short" in line or "long" in line
    ]
    assert rows == [
        ["activity", "short", "1,200", "40", "0.2500 ± 0.1000", "0.2500 ± 0.1000"],
        ["", "long", "1,200", "40", "0.2500 ± 0.1000", "0.2500 ± 0.1000"],
    ]
    assert "mean of 2 seeds, ± half of the 95 % interval over users" in text
