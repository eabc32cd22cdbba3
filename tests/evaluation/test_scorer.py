"""A model's scores as one graph."""

import gc

import numpy as np
import pytest

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.evaluation.graph_ranking import GraphRanker
from recsys.evaluation.scorer import compiled
from recsys.models.events import history_spec
from recsys.models.sasrec import build_model
from tests.evaluation.test_ranking import sequences

CONFIG = ModelConfig(max_length=4, width=8, blocks=1, positions="newest", memory=None)


@pytest.mark.long
def test_a_sweeps_models_are_no_retracing_of_one_function(caplog: pytest.LogCaptureFixture) -> None:
    """One model after another, few calls each, as in a sweep of short trials."""
    split = sequences([1, 2, 3], [2, 3, 1, 4])
    for _ in range(8):
        model = build_model(CONFIG, 8)
        history = np.array([[0, 1, 2, 3], [0, 0, 0, 5]], np.int32)
        expected = model.score_all(History(history)).numpy()
        ranker = GraphRanker(lambda some, of=model: (of.score_all(some),), history_spec(CONFIG, None), [1.0], 7, False)
        score_all = compiled(model)
        del model
        gc.collect()
        np.testing.assert_allclose(score_all(History(history)).numpy(), expected, rtol=1e-5)
        assert score_all(History(history[:1])).shape == (1, 8), "any number of histories"
        assert ranker(split, *split.targets("test")).shape == (1, 2)
    assert "retracing" not in caplog.text
