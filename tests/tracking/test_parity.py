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
    about = bundle.manifest
    assert check_parity(bundle, about.run_digest, stored, about.items, Budget(), lambda _: device).passed == passed


def test_items_that_were_added_after_training_are_not_asked_of_the_stored_model() -> None:
    bundle, reranker = Bundle(GOLDEN), Reranker(GOLDEN)
    trained = bundle.manifest.items - 20
    asked = []

    def stored(history: History, candidates: np.ndarray) -> np.ndarray:
        asked.append(int(candidates.max()))
        return reranker.score(history, candidates[0])[None]

    bundle.manifest.measured["validation"] = {"ndcg@10": 0.5, "keras": {"ndcg@10": 0.5}}
    whole = lambda history, candidates: reranker.score(history, candidates[0])[None]  # noqa: E731
    verdict = check_parity(bundle, bundle.manifest.run_digest, stored, trained, Budget(), lambda _: whole)
    assert verdict.passed, verdict.evidence
    assert any(id_ > trained for case in bundle.golden() for id_ in case.candidate_ids)
    assert max(asked) <= trained
