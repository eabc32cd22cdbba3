"""Every variant of a small model, replayed by the device's own code."""

import numpy as np
import pytest

from recsys.bundle import Bundle
from recsys.config.export import ExportConfig
from recsys.export.exporter import Exporter
from recsys.export.variants import Variant
from serving.reranker import Reranker

CONFIG = ExportConfig(candidates=20, signatures=("encode", "score_all", "top_k", "explain"), memory_neighbours=6)


@pytest.fixture(scope="session")
def exporter(model, dataset):
    return Exporter(model, dataset, CONFIG, "r" * 32, filter_seen=True)


@pytest.fixture(scope="session", params=["float32", "float16", "int8", "int4", "pq", "int8-m0"])
def bundle(request, exporter, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle")
    lenient = exporter.config.model_copy(update={"max_quality_loss": 0.9})
    exporter.config = lenient
    exporter.write(Variant.parse(request.param, CONFIG.memory_neighbours), path)
    return Bundle(path)


def test_goldens_replay_through_the_reranker(bundle):
    reranker = Reranker(bundle.path)
    for case in bundle.golden():
        assert reranker.encode_history(case.history)[0].tolist() == list(case.history_ids)
        ranked = reranker.rerank(case.history, case.candidates)
        by_item = {one.item: one.score for one in ranked}
        order = [case.candidates.index(one.item) for one in ranked if one.score is not None]
        assert case.misplaced([by_item[item] for item in case.candidates], order) is None


def test_float32_scores_are_keras(exporter, model, bundle):
    if bundle.manifest.variant != "float32":
        pytest.skip("only the exact variant promises it")
    for case, inputs in zip(bundle.golden(), exporter.inputs, strict=True):
        scores = model.score(**inputs).numpy()[0]
        known = [(found, scores[i]) for i, found in enumerate(case.scores) if found is not None]
        np.testing.assert_allclose(*zip(*known, strict=True), atol=1e-4)
