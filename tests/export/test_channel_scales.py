"""One scale a matrix: what a hybrid kernel of any age reads, and the same numbers as with a scale for each channel."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from recsys.core.errors import RecsysError
from recsys.export.tflite import convert, flatbuffer
from recsys.export.tflite.backend import TFLite
from recsys.export.tflite.channel_scales import fold, unfold
from recsys.export.tflite.graph_cleanup import clean_up
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.keras import tf

FUSED = {None: schema.ActivationFunctionType.NONE, "relu": schema.ActivationFunctionType.RELU}
BIAS = np.array([3.0, -2.0, 0.25, 1.0], np.float32)


def layer(activation: str | None, bias: bool) -> bytes:
    """A dense layer in int8 whose rows are of very different sizes, one of them nothing, in two signatures."""
    rows = np.random.default_rng(1).normal(size=(4, 8)) * np.array([[5.0], [0.02], [0.0], [1.0]])
    weights = tf.constant(rows.T.astype(np.float32))
    inputs = tf.TensorSpec([2, 8], tf.float32, name="x")

    def dense(x: tf.Tensor) -> dict[str, tf.Tensor]:
        y = tf.matmul(x, weights) + (BIAS if bias else 0.0)
        return {"y": tf.nn.relu(y) if activation else y}

    def twice(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": 2.0 * dense(x)["y"]}

    module = tf.Module()
    module.functions = {"dense": tf.function(dense, [inputs]), "twice": tf.function(twice, [inputs])}
    return convert.quantize_dense(convert.to_float32(module))


def scales_of(tree) -> list[np.ndarray]:
    found = [tensor.quantization for graph in tree.subgraphs for tensor in graph.tensors if tensor.type == 9]
    return [np.asarray(one.scale) for one in found]


@pytest.mark.parametrize("activation", [None, "relu"])
@pytest.mark.parametrize("bias", [False, True])
def test_folding_changes_no_number(activation: str | None, bias: bool) -> None:
    tree = flatbuffer.read(layer(activation, bias))
    clean_up(tree)
    before = flatbuffer.write(tree)
    assert [len(scales) for scales in scales_of(tree)] == [4, 4]
    fold(tree)
    after = flatbuffer.write(tree)
    assert [len(scales) for scales in scales_of(flatbuffer.read(after))] == [1, 1]
    x = np.random.default_rng(2).normal(size=(2, 8)).astype(np.float32)
    for plain in (False, True):
        for name in ("dense", "twice"):
            one, other = (Interpreter(content, plain=plain).run(name, x=x)["y"] for content in (before, after))
            np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6)
            assert np.abs(one).max() > 1, "the layer does nothing"


def test_unfolding_finds_the_channels_scales() -> None:
    tree = flatbuffer.read(layer(None, True))
    wanted = scales_of(tree)
    fold(tree)
    again = flatbuffer.read(flatbuffer.write(tree))
    unfold(again)
    for found, before in zip(scales_of(again), wanted, strict=True):
        np.testing.assert_array_equal(found, before)


def test_the_scale_is_a_power_of_two_and_no_factor_above_one() -> None:
    tree = flatbuffer.read(layer(None, False))
    largest = scales_of(tree)[0].max()
    fold(tree)
    (scale,) = scales_of(tree)[0]
    assert largest <= scale < 2 * largest
    assert np.log2(scale) == np.round(np.log2(scale))


def test_what_no_dense_layer_reads_is_refused() -> None:
    tree = flatbuffer.read(layer(None, False))
    for code in tree.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.FULLY_CONNECTED:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.BATCH_MATMUL
    with pytest.raises(RecsysError, match="has a scale for each channel and is no dense layer's weights"):
        fold(tree)


@pytest.mark.parametrize("name", ["int8", "int4", "pq", "int8-m3"])
def test_no_variant_has_a_tensor_with_several_scales(model, name: str) -> None:
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse(name, 6), 20, ("encode", "explain")))
    found = scales_of(tree)
    assert len(found) > 4
    assert {len(scales) for scales in found} == {1}
