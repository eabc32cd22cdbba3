"""LazyAdam is Adam where gradients are dense, and leaves alone what a step has not read."""

import numpy as np
import pytest

from recsys.config.training import TrainingConfig
from recsys.models.keras import keras, tf
from recsys.training.optimizer import LazyAdam, Schedule, build_optimizer


def optimizer(**settings: object) -> LazyAdam:
    return build_optimizer(TrainingConfig.model_validate({"warmup_steps": 0, "schedule": "constant", **settings}), 10)


def test_dense_steps_are_those_of_keras_adam() -> None:
    ours, theirs = tf.Variable([1.0, -2.0, 3.0]), tf.Variable([1.0, -2.0, 3.0])
    lazy, adam = optimizer(learning_rate=0.1), keras.optimizers.Adam(0.1, beta_2=0.98, epsilon=1e-8, jit_compile=False)
    for step in range(5):
        gradient = tf.constant([0.5, -1.0, 0.1 * step])
        lazy.apply_gradients([(gradient, ours)])
        adam.apply_gradients([(gradient, theirs)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_sparse_step_moves_its_rows_alone_and_as_a_dense_one_would() -> None:
    sparse, dense = tf.Variable(tf.ones([4, 2])), tf.Variable(tf.ones([4, 2]))
    values = tf.constant([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]])
    lazy, plain = optimizer(), optimizer()
    lazy.apply_gradients([(tf.IndexedSlices(values, tf.constant([2, 0, 2]), tf.constant([4, 2])), sparse)])
    plain.apply_gradients([(tf.constant([[3.0, 4.0], [0.0, 0.0], [11.0, 22.0], [0.0, 0.0]]), dense)])
    np.testing.assert_allclose(sparse, dense, rtol=1e-6)  # row 2's two gradients are added first
    moments = lazy.first[0].numpy()
    assert moments[1].tolist() == [0.0, 0.0]


def test_a_sparse_step_passes_over_no_whole_variable() -> None:
    table, lazy = tf.Variable(tf.ones([4, 2])), optimizer()
    lazy.build([table])

    @tf.function
    def step() -> None:
        lazy.apply_gradients([(tf.IndexedSlices(tf.ones([1, 2]), tf.constant([2]), tf.constant([4, 2])), table)])

    kinds = {op.type for op in step.get_concrete_function().graph.get_operations()}
    assert "ResourceScatterSub" in kinds
    assert not kinds & {"AssignSubVariableOp", "ResourceApplyAdam"}, "the table is written whole at every step"


def test_weight_decay_spares_vectors() -> None:
    matrix, vector = tf.Variable(tf.ones([2, 2])), tf.Variable(tf.ones([2]))
    decaying = optimizer(weight_decay=0.5, learning_rate=0.1)
    decaying.apply_gradients([(tf.zeros([2, 2]), matrix), (tf.zeros([2]), vector)])
    np.testing.assert_allclose(matrix, 1 - 0.1 * 0.5)
    np.testing.assert_allclose(vector, 1.0)


def test_the_cosine_warms_up_and_ends_at_a_hundredth() -> None:
    rate = Schedule(TrainingConfig(schedule="cosine", warmup_steps=10, learning_rate=1.0), 110)
    assert float(rate(tf.constant(0))) == pytest.approx(0.1)
    assert float(rate(tf.constant(10))) == pytest.approx(1.0)
    assert float(rate(tf.constant(60))) == pytest.approx(0.01 + 0.99 * 0.5)
    assert float(rate(tf.constant(110))) == pytest.approx(0.01)


def test_cycles_fall_one_after_the_other() -> None:
    config = TrainingConfig(schedule="cosine", cycles=2, warmup_steps=10, learning_rate=1.0)
    rate = Schedule(config, 110)  # two cycles of 50 steps
    for step, expected in [(10, 1.0), (35, 0.505), (60, 0.01), (61, 1.0), (85, 0.505), (110, 0.01)]:
        assert float(rate(tf.constant(step))) == pytest.approx(expected, abs=2e-3), f"step {step}"
