"""Scales on a grid: what is held stays, and a little change of it moves no scale."""

from types import SimpleNamespace as Namespace

import numpy as np
import numpy.typing as npt

from recsys.export import convert, flatbuffer
from recsys.export.signatures import Signatures
from recsys.export.steady import INT8, steady_scales
from recsys.export.tables import STEP, CompactMemory
from recsys.export.variants import Variant


def tree_of(codes: npt.NDArray[np.int8], scales: list[float], uses: int = 1) -> Namespace:
    """A model whose graphs all use one weight matrix, with a scale for each of its rows."""
    buffers = [Namespace(data=None), Namespace(data=codes.tobytes())]

    def tensor() -> Namespace:
        quantisation = Namespace(scale=np.array(scales, np.float32), quantizedDimension=0)
        return Namespace(type=INT8, buffer=1, shape=list(codes.shape), quantization=quantisation)

    return Namespace(buffers=buffers, subgraphs=[Namespace(tensors=[tensor()]) for _ in range(uses)])


def held(tree: Namespace, graph: int = 0) -> npt.NDArray[np.float32]:
    """The floats that the codes stand for."""
    tensor = tree.subgraphs[graph].tensors[0]
    codes = np.frombuffer(tree.buffers[tensor.buffer].data, np.int8).reshape(tensor.shape)
    return codes * np.asarray(tensor.quantization.scale)[:, None]


CODES = np.array([[127, -64, 0], [10, -127, 1]], np.int8)


def test_weights_stay_within_half_a_code() -> None:
    tree = tree_of(CODES, [0.01, 0.002])
    before = held(tree)
    steady_scales(tree)
    scales = tree.subgraphs[0].tensors[0].quantization.scale
    np.testing.assert_array_less(np.abs(held(tree) - before), np.broadcast_to(scales[:, None] * 0.5001, (2, 3)))
    assert (np.array([0.01, 0.002]) <= scales * 1.0001).all()
    assert (scales <= np.array([0.01, 0.002]) * np.exp(STEP) * 1.0001).all()


def test_a_scale_that_moved_a_little_is_the_same() -> None:
    on_grid = float(np.exp(-40 * STEP))
    trees = [tree_of(CODES, [on_grid * 0.99, on_grid * 0.97]) for _ in range(2)]
    trees[1].subgraphs[0].tensors[0].quantization.scale *= 1.005
    for tree in trees:
        steady_scales(tree)
        np.testing.assert_allclose(tree.subgraphs[0].tensors[0].quantization.scale, [on_grid, on_grid], rtol=1e-5)


def test_again_changes_nothing() -> None:
    tree = tree_of(CODES, [0.01, 0.002])
    steady_scales(tree)
    once = held(tree)
    steady_scales(tree)
    np.testing.assert_array_equal(held(tree), once)


def test_what_signatures_share_is_moved_once() -> None:
    alone, shared = tree_of(CODES, [0.01, 0.002]), tree_of(CODES, [0.01, 0.002], uses=3)
    steady_scales(alone)
    steady_scales(shared)
    for graph in range(3):
        np.testing.assert_array_equal(held(shared, graph), held(alone))


def test_an_int8_bundle_holds_its_dense_layers_on_the_grid(model) -> None:
    variant = Variant.parse("int8", 6)
    tree = flatbuffer.read(variant.finish(convert.to_float32(Signatures(variant.phone_model(model), 20, ()))))
    tensors = [tensor for graph in tree.subgraphs for tensor in graph.tensors if tensor.type == INT8]
    held = [
        one.quantization.scale for one in tensors if one.quantization is not None and one.quantization.scale is not None
    ]
    assert len(held) > 4
    steps = np.log(np.concatenate(held)) / STEP
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)


def test_tomorrows_largest_probability_does_not_move_the_others() -> None:
    """.45 and .40 lie between the same two powers of the square root of 2; the other one's step stays."""
    neighbours = np.array([[1, 2]], np.int32)
    today, tomorrow = (
        CompactMemory(neighbours, np.array([[most, 0.1]], np.float32), np.ones(1, np.float32), 2)
        for most in (0.45, 0.40)
    )
    assert today.largest == tomorrow.largest == 0.5
    assert today.packed.numpy()[1] == tomorrow.packed.numpy()[1]
