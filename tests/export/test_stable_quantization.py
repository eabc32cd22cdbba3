"""Scales on a grid: what is held stays, and a little change of it moves no scale."""

from types import SimpleNamespace as Namespace

import numpy as np
import numpy.typing as npt
import pytest

from recsys.core.errors import RecsysError
from recsys.export.graph.memory_tables import HIGHEST, CompactMemory
from recsys.export.quantization.row_codes import STEP, RowCodes
from recsys.export.quantization.stable_quantization import HOLD, INT8, _dense, hold, hold_rows, stable_scales
from recsys.export.tflite import flatbuffer
from recsys.export.tflite.backend import TFLite
from recsys.export.tflite.channel_scales import unfold
from recsys.export.variants import Variant


def tree_of(codes: npt.NDArray[np.int8], scales: list[float], uses: int = 1) -> Namespace:
    """A model whose graphs all use one weight matrix, with a scale for each of its rows."""
    buffers = [Namespace(data=None), Namespace(data=codes.tobytes())]

    def tensor() -> Namespace:
        quantization = Namespace(scale=np.array(scales, np.float32), quantizedDimension=0)
        return Namespace(name=b"dense", type=INT8, buffer=1, shape=list(codes.shape), quantization=quantization)

    return Namespace(buffers=buffers, subgraphs=[Namespace(tensors=[tensor()]) for _ in range(uses)])


def floats(tree: Namespace, graph: int = 0) -> npt.NDArray[np.float32]:
    """The floats that the codes stand for."""
    tensor = tree.subgraphs[graph].tensors[0]
    codes = np.frombuffer(tree.buffers[tensor.buffer].data, np.int8).reshape(tensor.shape)
    return codes * np.asarray(tensor.quantization.scale)[:, None]


CODES = np.array([[127, -64, 0], [10, -127, 1]], np.int8)


def test_weights_stay_within_half_a_code() -> None:
    tree = tree_of(CODES, [0.01, 0.002])
    before = floats(tree)
    stable_scales(tree)
    scales = tree.subgraphs[0].tensors[0].quantization.scale
    np.testing.assert_array_less(np.abs(floats(tree) - before), np.broadcast_to(scales[:, None] * 0.5001, (2, 3)))
    assert (np.array([0.01, 0.002]) <= scales * 1.0001).all()
    assert (scales <= np.array([0.01, 0.002]) * np.exp(STEP) * 1.0001).all()


def test_a_scale_that_moved_a_little_is_the_same() -> None:
    on_grid = float(np.exp(-40 * STEP))
    trees = [tree_of(CODES, [on_grid * 0.99, on_grid * 0.97]) for _ in range(2)]
    trees[1].subgraphs[0].tensors[0].quantization.scale *= 1.005
    for tree in trees:
        stable_scales(tree)
        np.testing.assert_allclose(tree.subgraphs[0].tensors[0].quantization.scale, [on_grid, on_grid], rtol=1e-5)


def test_again_changes_nothing() -> None:
    tree = tree_of(CODES, [0.01, 0.002])
    stable_scales(tree)
    once = floats(tree)
    stable_scales(tree)
    np.testing.assert_array_equal(floats(tree), once)


def test_what_signatures_share_is_moved_once() -> None:
    alone, shared = tree_of(CODES, [0.01, 0.002]), tree_of(CODES, [0.01, 0.002], uses=3)
    stable_scales(alone)
    stable_scales(shared)
    for graph in range(3):
        np.testing.assert_array_equal(floats(shared, graph), floats(alone))


def test_an_int8_bundle_holds_its_dense_layers_on_the_grid(model) -> None:
    variant = Variant.parse("int8", 6)
    tree = flatbuffer.read(TFLite().convert(model, variant, 20))
    unfold(tree)
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
    # 4 quarters of an octave below 1 is .5, and what is stored is counted from the highest.
    assert today.constants["largest"] == tomorrow.constants["largest"] == HIGHEST + 4
    assert today.constants["packed"][1] == tomorrow.constants["packed"][1]


def test_codes_hold_where_weights_hardly_moved() -> None:
    """Of 10, 20 and 30 two moved by no more than two codes; 30 became 33."""
    old, new = tree_of(np.array([[10, 20, 30]], np.int8), [0.01]), tree_of(np.array([[11, 18, 33]], np.int8), [0.01])
    hold(new, old)
    np.testing.assert_allclose(floats(new), [[0.10, 0.20, 0.33]], rtol=1e-6)


def test_a_row_goes_back_to_its_old_scale_where_it_fits() -> None:
    """At .009 the codes 100 and 50 are .9 and .45; at the old .01 they are 90 and 45: both held."""
    old, new = tree_of(np.array([[91, 44]], np.int8), [0.01]), tree_of(np.array([[100, 50]], np.int8), [0.009])
    hold(new, old)
    np.testing.assert_allclose(floats(new), [[0.91, 0.44]], rtol=1e-6)


@pytest.mark.parametrize("scales", [[0.02, 0.01], [0.01, 0.02]])
def test_a_row_that_outgrew_its_scale_or_shrank_far_takes_a_new_one(scales) -> None:
    old, new = (tree_of(np.array([[100, 50]], np.int8), [scale]) for scale in scales)
    wanted = floats(new)
    hold(new, old)
    np.testing.assert_array_equal(floats(new), wanted)


def test_another_shape_is_refused() -> None:
    old, new = tree_of(CODES[:, :2], [0.01, 0.002]), tree_of(CODES, [0.01, 0.002])
    with pytest.raises(RecsysError, match=r"dense is \(2, 2\) in last night's bundle and \(2, 3\)"):
        hold(new, old)
    rows = [RowCodes.encode(np.ones((3, width), np.float32), 8) for width in (4, 8)]
    with pytest.raises(RecsysError, match="the item table"):
        hold_rows(*rows)


def test_a_layer_that_the_night_before_lacked_is_left_alone() -> None:
    old, new = tree_of(CODES, [0.01, 0.002]), tree_of(CODES, [0.01, 0.002])
    old.subgraphs[0].tensors[0].name = b"other"
    wanted = floats(new)
    hold(new, old)
    np.testing.assert_array_equal(floats(new), wanted)


@pytest.mark.parametrize("bits", [8, 4])
def test_held_rows_are_near_and_mostly_yesterdays(bits: int) -> None:
    random = np.random.default_rng(3)
    yesterday = random.normal(size=(40, 16)).astype(np.float32)
    step = np.abs(yesterday).max(1, keepdims=True) / (127 if bits == 8 else 7)
    today = np.concatenate([yesterday + 0.5 * step * random.normal(size=yesterday.shape), np.ones((3, 16))])
    old, new = RowCodes.encode(yesterday, bits), RowCodes.encode(today.astype(np.float32), bits)
    rows = hold_rows(new, old)
    kept, free = ((one.packed[:40] == old.packed).mean() for one in (rows, new))
    assert kept > free + 0.15
    np.testing.assert_array_equal(rows.packed[40:], new.packed[40:])
    scales = np.exp((rows.steps.astype(float) - 191) * STEP)[:, None]
    assert (np.abs(rows.codes * scales - today)[:40] <= (HOLD[bits] + 0.51 + (bits == 4) * 3) * scales[:40]).all(), (
        "what is held, and a night's rounding; four bits clip a row's largest, too"
    )


@pytest.mark.long
def test_a_file_stays_close_to_the_one_of_the_night_before(model) -> None:
    """One weight in twenty moves far, the others not at all: so do the codes."""
    variant = Variant.parse("int8", 6)
    before = TFLite().convert(model, variant, 20)
    table = model.items.vectors()
    moved = np.random.default_rng(4).random(table.shape) < 0.05
    try:
        model.items.assign(table + moved * 0.2 * np.abs(table).max(1, keepdims=True) + ~moved * 1e-4)
        after = {since: TFLite().convert(model, variant, 20, since=since) for since in (None, before)}
    finally:
        model.items.assign(table)
    old, free, held = (flatbuffer.constant(flatbuffer.read(x), "items/codes8") for x in (before, *after.values()))
    assert (held == old).mean() > 0.85
    assert (held == old).mean() >= (free == old).mean()


@pytest.mark.long
def test_dense_layers_stay_close_to_the_night_before(model) -> None:
    """Every weight moves by half a percent of its layer's largest: less than two codes, so all are held."""
    variant, random = Variant.parse("int8", 6), np.random.default_rng(4)
    before = TFLite().convert(model, variant, 20)
    kernels = [variable for variable in model.trainable_variables if "kernel" in variable.name]
    known = [kernel.numpy() for kernel in kernels]
    try:
        for kernel, values in zip(kernels, known, strict=True):
            kernel.assign(values + 0.005 * np.abs(values).max(0) * random.uniform(-1, 1, values.shape))
        free, close = (TFLite().convert(model, variant, 20, since=since) for since in (None, before))
    finally:
        for kernel, values in zip(kernels, known, strict=True):
            kernel.assign(values)
    trees = [flatbuffer.read(content) for content in (before, free, close)]
    for tree in trees:
        unfold(tree)
    old, moved, held = (dense_of(tree) for tree in trees)
    assert len(old) > 4
    assert all(np.array_equal(codes, held[name][0]) for name, (codes, _) in old.items())
    assert all(np.array_equal(scales, held[name][1]) for name, (_, scales) in old.items())
    assert not all(np.array_equal(codes, moved[name][0]) for name, (codes, _) in old.items())


def dense_of(tree) -> dict[str, tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]]:
    return {name: (codes, np.asarray(tensor.quantization.scale)) for name, (tensor, codes) in _dense(tree).items()}
