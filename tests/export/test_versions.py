"""What a file asks of its runtime is what its operators need, counted after quantizing."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from recsys.core.errors import RecsysError
from recsys.export.tflite import flatbuffer, versions
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant


def versions_of(tree, name: str) -> set[int]:
    return {
        tree.operatorCodes[operator.opcodeIndex].version
        for graph in tree.subgraphs
        for operator in graph.operators
        if flatbuffer.operator_name(tree, operator) == name
    }


def test_the_youngest_operator_decides(model) -> None:
    """Signatures came with 2.5; GATHER of version 6 with 2.13, as TFLite's own table says."""
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse("int8", 6), 20))
    assert versions.minimum_runtime(tree) == {"tensorflow": "2.5.0", "litert": "1.0.0"}
    for code in tree.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.GATHER:
            code.version = 6
    assert versions.minimum_runtime(tree)["tensorflow"] == "2.13.0"


def test_an_operator_of_unknown_age_is_refused(model) -> None:
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse("float32", 6), 20))
    tree.operatorCodes[0].version = 99
    with pytest.raises(RecsysError, match=r"in version 99; add it to recsys/export/tflite/versions\.py"):
        versions.minimum_runtime(tree)


def test_quantised_operators_bear_the_versions_that_they_need(model) -> None:
    """TFLite's op_version.cc: int8 weights under kept dimensions 5 (2 more than without), float16 to float 3."""
    variants = (Variant.parse(name, 6) for name in ("int8", "float16"))
    int8, float16 = (flatbuffer.read(TFLite().convert(model, variant, 20)) for variant in variants)
    assert versions_of(int8, "FULLY_CONNECTED") == {5}
    assert versions_of(float16, "DEQUANTIZE") == {3}
    for tree in (int8, float16):
        for graph in tree.subgraphs:
            for operator in graph.operators:
                if flatbuffer.operator_name(tree, operator) == "FULLY_CONNECTED":
                    operator.builtinOptions.keepNumDims = False
        versions.correct(tree)
    assert versions_of(int8, "FULLY_CONNECTED") == {3}
    assert versions_of(float16, "FULLY_CONNECTED") == {1}


def test_the_file_itself_says_the_same(model) -> None:
    tree = flatbuffer.read(TFLite().convert(model, Variant.parse("int8", 6), 20))
    (entry,) = [entry for entry in tree.metadata if entry.name == b"min_runtime_version"]
    assert bytes(np.asarray(tree.buffers[entry.buffer].data, np.uint8)) == b"2.5.0".ljust(16, b"\0")
