"""Smaller blocks against the whole ones."""

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config.export import StudentConfig
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.export.distillation import adapt
from recsys.export.pruning import prune
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.events import history_spec
from recsys.models.keras import keras, tf
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


@pytest.mark.long
@pytest.mark.parametrize("name", ["float32-p50", "int8-p50-m2"])
def test_a_phone_reads_the_smaller_model(whole: SASRec, name: str) -> None:
    smaller = prune(whole, 0.5)
    content = TFLite().convert(smaller, Variant.parse(name, 4), 10, ("incremental",))
    candidates = np.arange(1, 11, dtype=np.int32)[None]
    found = Interpreter(content).run("rerank", history=HISTORY[:1], candidates=candidates)["scores"]
    np.testing.assert_allclose(found[0], scores(smaller)[0, 1:11], atol=1e-4 if "float32" in name else 0.2)
    assert np.abs(found).max() > 2
    if name == "float32-p50":  # int8 weights of this size are less than what describes their layers
        assert len(content) < len(TFLite().convert(whole, Variant.parse("float32", 4), 10, ("incremental",)))


@pytest.mark.long
def test_a_pruned_model_that_learned_on_is_nearer_to_its_teacher(dataset: Dataset) -> None:
    """Of a sharp random teacher, half of the heads and hidden units; the same learning gives the same weights."""
    keras.utils.set_random_seed(4)
    config = ModelConfig(max_length=12, width=16, blocks=1, heads=4, feed_forward=2, join="residual", memory=None)
    teacher = build_model(config, dataset.vocabulary.table_size)
    teacher.trained_items.assign(20 * teacher.trained_items.vectors())
    learning = StudentConfig(steps=300, batch_size=16, positions=4)
    pruned = prune(teacher, 0.5)
    adapted, again = (adapt(teacher, teacher, dataset.sequences, learning, kept=0.5) for _ in range(2))
    histories = dataset.sequences.histories(*dataset.sequences.targets("test"), history_spec(config, None))
    wanted = tf.nn.log_softmax(teacher.score_all(histories)[:, 1:])

    def divergence(model: SASRec) -> float:
        """Mean Kullback-Leibler divergence of ``model`` from the teacher."""
        found = tf.nn.log_softmax(model.score_all(histories)[:, 1:])
        return float(tf.reduce_mean(tf.reduce_sum(tf.exp(wanted) * (wanted - found), -1)))

    assert adapted.count_params() == pruned.count_params() < teacher.count_params()
    assert divergence(pruned) > 0.01
    assert divergence(adapted) < 0.6 * divergence(pruned)
    for one, other in zip(adapted.variables, again.variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
