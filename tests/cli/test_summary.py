"""Means over seeds, and refusing to average what is not comparable."""

import pytest

from recsys.cli.summary import combine
from recsys.errors import ArtefactError


def metrics(seed: int, ndcg: float, **changed: str) -> dict[str, object]:
    return {
        "protocol": "L1",
        "split": "test",
        "dataset_digest": "d",
        "seed": seed,
        "model": {"hr@10": 0.5, "ndcg@10": ndcg},
        "baselines": {"popularity": {"hr@10": 0.2, "ndcg@10": 0.1}},
        **changed,
    }


def test_means_and_sample_standard_deviations() -> None:
    combined = combine([metrics(1, 0.1), metrics(2, 0.2), metrics(3, 0.6)])
    assert combined["seeds"] == [1, 2, 3]
    assert (combined["protocol"], combined["split"], combined["dataset_digest"]) == ("L1", "test", "d")
    # mean (0.1 + 0.2 + 0.6) / 3 = 0.3; squares 0.04 + 0.01 + 0.09 = 0.14, over n - 1 = 2: 0.07
    assert combined["model"]["ndcg@10"] == pytest.approx(0.3)
    assert combined["model"]["ndcg@10_std"] == pytest.approx(0.07**0.5)
    assert combined["baselines"]["popularity"] == pytest.approx(
        {"hr@10": 0.2, "hr@10_std": 0, "ndcg@10": 0.1, "ndcg@10_std": 0}
    )


def test_one_seed_has_no_spread() -> None:
    assert combine([metrics(7, 0.1)])["model"] == {"hr@10": 0.5, "hr@10_std": 0.0, "ndcg@10": 0.1, "ndcg@10_std": 0.0}


@pytest.mark.parametrize("key", ["protocol", "split", "dataset_digest"])
def test_what_is_not_comparable_is_refused(key: str) -> None:
    with pytest.raises(ArtefactError, match=f"different {key} cannot be averaged"):
        combine([metrics(1, 0.1), metrics(2, 0.1, **{key: "other"})])
