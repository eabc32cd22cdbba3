"""Smaller blocks against the whole ones."""

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.export.pruning import LowRank, prune
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.keras import keras
from recsys.models.sasrec import SASRec, build_model

HISTORY = np.random.default_rng(1).integers(1, 30, (3, 12)).astype(np.int32)


@pytest.fixture(scope="module", params=["ligr", "residual"])
def whole(request: pytest.FixtureRequest) -> SASRec:
    keras.utils.set_random_seed(2)
    shape = {"max_length": 12, "width": 16, "blocks": 2, "heads": 4, "join": request.param, "feed_forward": 2}
    model = build_model(ModelConfig(**shape, memory=MemoryConfig(neighbours=4, newest=4)), 31)
    for block in model.blocks:  # biases are 0 to begin with, and would hide a row that is taken for another
        for variable in block.trainable_variables:
            if "bias" in variable.name:
                variable.assign(np.random.default_rng(3).normal(size=variable.shape))
    model.items.assign(50 * model.items.vectors())  # scores of several units, as trained ones are
    return model


def scores(model: SASRec) -> np.ndarray:
    return model.score_all(History(HISTORY)).numpy()


def test_a_kernel_of_low_rank_is_kept_exactly() -> None:
    random = np.random.default_rng(5)
    dense = keras.layers.Dense(12, "sigmoid")
    dense.build([None, 10])
    dense.set_weights([random.normal(size=(10, 3)) @ random.normal(size=(3, 12)), random.normal(size=12)])
    x = random.normal(size=(4, 10)).astype(np.float32)
    np.testing.assert_allclose(LowRank(dense, 3)(x), dense(x), atol=1e-5)


def test_more_rank_is_nearer(whole: SASRec) -> None:
    exact = scores(whole)
    distances = [np.abs(scores(prune(whole, rank)) - exact).mean() for rank in (1, 4, 7)]
    assert distances[0] > distances[1] > distances[2] > 0
    assert prune(whole, 4).count_params() < whole.count_params()


def test_a_rank_that_saves_nothing_changes_nothing(whole: SASRec) -> None:
    np.testing.assert_array_equal(scores(prune(whole, 16)), scores(whole))


def test_what_writes_nothing_is_pruned_first_and_missed_by_nobody(whole: SASRec) -> None:
    """Half of the heads and rows are silenced; what is left of half is the other half."""
    silenced = prune(whole)
    for block in silenced.blocks:
        output, outer = block.mixer.output_projection, block.feed_forward.outer
        kernel = output.kernel.numpy()
        kernel[[*range(4), *range(8, 12)]] = 0  # heads 0 and 2 of four, four wide
        output.kernel.assign(kernel)
        kernel = outer.kernel.numpy()
        kernel[::2] = 0
        outer.kernel.assign(kernel)
    half = prune(silenced, kept=0.5)
    assert [block.mixer.heads for block in half.blocks] == [2, 2]
    assert all(block.feed_forward.outer.kernel.shape[0] == 16 for block in half.blocks)
    np.testing.assert_allclose(scores(half), scores(silenced), atol=1e-5)


def test_all_kept_is_the_model_itself(whole: SASRec) -> None:
    np.testing.assert_allclose(scores(prune(whole, kept=1.0)), scores(whole), atol=1e-6)


@pytest.mark.parametrize("name", ["float32-r4", "float32-p50", "int8-r4-p50-m2"])
def test_a_phone_reads_the_smaller_model(whole: SASRec, name: str) -> None:
    variant = Variant.parse(name, 4)
    content = variant.convert(whole, 10, ("incremental",))
    smaller = prune(whole, variant.rank, variant.kept and variant.kept / 100)
    candidates = np.arange(1, 11, dtype=np.int32)[None]
    found = Interpreter(content).run("rerank", history=HISTORY[:1], candidates=candidates)["scores"]
    np.testing.assert_allclose(found[0], scores(smaller)[0, 1:11], atol=1e-4 if "float32" in name else 0.2)
    assert np.abs(found).max() > 2
    if name != "int8-r4-p50-m2":  # at this size its weights are less than what describes their layers
        assert len(content) < len(Variant.parse(variant.base, 4).convert(whole, 10, ("incremental",)))
