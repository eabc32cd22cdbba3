"""Means over seeds, and refusing to average what is not comparable."""

import io

import pandas as pd
import pytest
from rich.console import Console

from recsys.cli.summary import combine
from recsys.cli.tables import segment_table
from recsys.core.errors import ArtifactError


def metrics(seed: int, ndcg: float, **changed: str) -> dict[str, object]:
    return {
        "protocol": "leave_one_out",
        "split": "test",
        "dataset_digest": "d",
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
    assert combine([metrics(7, 0.1)]).model == {"hr@10": 0.5, "hr@10_std": 0.0, "ndcg@10": 0.1, "ndcg@10_std": 0.0}


@pytest.mark.parametrize("key", ["protocol", "split", "dataset_digest"])
def test_what_is_not_comparable_is_refused(key: str) -> None:
    with pytest.raises(ArtifactError, match=f"different {key} cannot be averaged"):
        combine([metrics(1, 0.1), metrics(2, 0.1, **{key: "other"})])


def test_segments_show_each_kind_of_target_once_with_its_mean() -> None:
    """Of two ties one is first, so their HR@10 is .5; the event a day later is missed."""
    ranks = pd.DataFrame(
        {
            "rank": [1.0, 50.0, 99.0, 2.0],
            "history_length": [3, 3, 9, 9],
            "target_count": [5, 5, 7, 7],
            "gap_ms": [0, 0, 90_000_000, 5],
        }
    )
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(segment_table("a run", ranks))
    lines = {line.split("│")[2].strip(): line for line in console.export_text().splitlines() if line.count("│") > 4}
    assert list(lines) == ["short", "medium", "tail", "middle", "tie", "same_day", "same_week"]
    assert "0.5000 ± 0.5000" in lines["tie"]
    assert "1.0000 ± 0.0000" in lines["same_day"]
    assert "0.0000 ± 0.0000" in lines["same_week"]
