"""The gate's look at one bundle beside the stored model, without a store."""

from pathlib import Path

import numpy as np
import pytest

from recsys.bundle import Bundle
from recsys.core.history import History
from recsys.tracking.registry.gate import Budget, check_parity
from serving.reranker import Reranker

GOLDEN = Path(__file__).parents[1] / "golden" / "float32"


@pytest.mark.parametrize(("wrong", "passed"), [(0.0, True), (np.nan, False), (np.inf, False)])
def test_a_stored_model_that_answers_no_number_is_not_the_bundles(wrong: float, passed: bool) -> None:
    bundle, reranker = Bundle(GOLDEN), Reranker(GOLDEN)

    def device(history: History, candidates: np.ndarray) -> np.ndarray:
        return reranker.score(history, candidates[0])[None]

    def stored(history: History, candidates: np.ndarray) -> np.ndarray:
        return device(history, candidates) + wrong

    bundle.manifest.measured["validation"] = {"ndcg@10": 0.5, "keras": {"ndcg@10": 0.5}}
    assert check_parity(bundle, bundle.manifest.run_digest, stored, Budget(), lambda _: device).passed == passed
