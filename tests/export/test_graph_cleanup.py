"""A tidied file computes what it did, in fewer bytes."""

import numpy as np
import pytest

from recsys.export.graph.encoding import encode_tables
from recsys.export.graph.inference_model import inference_model
from recsys.export.graph.signatures import Signatures
from recsys.export.tflite import convert, flatbuffer
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter


@pytest.mark.long
def test_tidying_changes_no_score(model) -> None:
    variant = Variant.parse("float32", 6)
    names = ("encode", "score_all", "explain", "top_k")
    plain = convert.to_float32(Signatures(inference_model(model, encode_tables(model, variant)), 20, 60, names))
    tidied = TFLite().convert(model, variant, 20, names)
    assert len(tidied) < 0.9 * len(plain)
    random = np.random.default_rng(2)
    one = {
        "history": random.integers(0, 60, (1, model.config.max_length)).astype(np.int32),
        "candidates": random.integers(1, 60, (1, 20)).astype(np.int32),
    }
    runtimes = Interpreter(plain), Interpreter(tidied)
    assert runtimes[0].signatures == runtimes[1].signatures
    for name, signature in runtimes[0].signatures.items():
        inputs = {key: one[key][:, : spec.shape[1]] for key, spec in signature.inputs.items()}
        before, after = (runtime.run(name, **inputs) for runtime in runtimes)
        for key in before:
            np.testing.assert_allclose(after[key], before[key], rtol=1e-5, atol=1e-6, err_msg=f"{name}: {key}")


def test_nothing_is_left_that_computes_nothing(model) -> None:
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse("int8", 6), 20))
    slices = reads = 0
    for graph in tree.subgraphs:
        used = {int(i) for operator in graph.operators for i in (*operator.inputs, *operator.outputs)}
        assert used | {*map(int, graph.inputs)} | {-1} == {*range(len(graph.tensors))} | {-1}
        for operator in graph.operators:
            source, result = (graph.tensors[int(i)] for i in (operator.inputs[0], operator.outputs[0]))
            name = flatbuffer._OPERATORS[tree.operatorCodes[operator.opcodeIndex].builtinCode]
            reads += name == "RESHAPE"
            slices += name == "STRIDED_SLICE" and list(source.shape) == list(result.shape)
    assert reads > 0
    assert slices == 0


def test_tables_bear_their_names(model) -> None:
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse("int8", 6), 20))
    names = {tensor.name for graph in tree.subgraphs for tensor in graph.tensors}
    assert {b"items/codes8", b"memory/packed", b"memory/starts"} <= names


def test_a_phone_model_makes_no_table_that_it_does_not_read(model) -> None:
    phone = inference_model(model, encode_tables(model, Variant.parse("int8", 6)))
    assert not [variable.name for variable in phone.variables if "neighbours" in variable.name]
    assert [variable.name for variable in model.variables if "neighbours" in variable.name]


def test_the_top_items_are_items(model) -> None:
    """Of 61 rows 50 are items, the rest stand for OOV buckets, which no client can name."""
    content = TFLite().convert(model, Variant.parse("float32", None), 20, ("top_k",), items=50)
    history = np.arange(1, model.config.max_length + 1, dtype=np.int32)[None]
    found = Interpreter(content).run("top_k", history=history)["items"]
    assert sorted(found.ravel()) == list(range(1, 51))
