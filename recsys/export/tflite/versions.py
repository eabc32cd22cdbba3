"""Which runtimes have every operator of a file, by the versions that the operators bear."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from recsys.core.errors import RecsysError
from recsys.export.tflite.flatbuffer import opcode, operator_name

METADATA, METADATA_BYTES = b"min_runtime_version", 16

# The TensorFlow release whose TFLite first had an operator, by version of the operator: of those that a recommender may
# be made of. The same figures stand in TFLite's own tools/versioning/runtime_version.cc.
RELEASES: dict[str, tuple[str, ...]] = {
    "ABS": ("1.13.0", "2.4.0", "2.5.0", "2.6.0", "2.12.0"),
    "ADD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.13.0"),
    "BATCH_MATMUL": ("2.3.0", "2.3.0", "2.4.0", "2.5.0"),
    "BUCKETIZE": ("2.8.0",),
    "CAST": ("1.5.0", "2.7.0", "2.8.0", "2.9.0", "2.12.0", "2.15.0", "2.17.0"),
    "CONCATENATION": ("1.5.0", "1.14.0", "2.3.0", "2.14.0"),
    "COS": ("1.14.0",),
    "CUMSUM": ("2.4.0",),
    "DEQUANTIZE": ("1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0"),
    "DIV": ("1.6.0", "2.3.0"),
    "EMBEDDING_LOOKUP": ("1.13.0", "1.14.0", "1.14.0"),
    "EQUAL": ("1.14.0", "1.14.0", "2.3.0", "2.13.0"),
    "EXP": ("1.7.0", "2.12.0"),
    "EXPAND_DIMS": ("1.10.0",),
    "FILL": ("1.13.0", "2.3.0", "2.5.0", "2.12.0"),
    "FLOOR": ("1.9.0",),
    "FLOOR_DIV": ("1.14.0", "1.14.0", "2.13.0"),
    "FLOOR_MOD": ("1.13.0", "2.13.0"),
    "FULLY_CONNECTED": (
        "1.5.0", "1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0",
        "2.3.0", "2.3.0", "2.3.0", "2.11.0", "2.15.0", "2.17.0",
    ),
    "GATHER": ("1.6.0", "1.14.0", "1.15.0", "2.4.0", "2.5.0", "2.13.0", "2.15.0"),
    "GATHER_ND": ("1.14.0", "2.3.0", "2.5.0", "2.13.0", "2.16.0"),
    "GELU": ("2.9.0", "2.9.0"),
    "GREATER": ("1.14.0", "1.14.0"),
    "GREATER_EQUAL": ("1.14.0", "1.14.0", "2.13.0"),
    "LESS": ("1.14.0", "1.14.0", "2.13.0"),
    "LESS_EQUAL": ("1.14.0", "1.14.0"),
    "LOG": ("1.14.0", "2.15.0"),
    "LOGICAL_AND": ("1.11.0",),
    "LOGICAL_NOT": ("1.11.0",),
    "LOGICAL_OR": ("1.11.0",),
    "LOGISTIC": ("1.14.0", "1.14.0", "2.3.0"),
    "MAXIMUM": ("1.14.0", "1.14.0", "2.3.0", "2.3.0"),
    "MEAN": ("1.6.0", "1.14.0", "2.4.0"),
    "MINIMUM": ("1.14.0", "1.14.0", "2.3.0", "2.3.0"),
    "MUL": ("1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0"),
    "NEG": ("1.9.0",),
    "NOT_EQUAL": ("1.14.0", "1.14.0", "2.3.0"),
    "ONE_HOT": ("1.11.0",),
    "PACK": ("1.11.0", "1.14.0", "2.3.0", "2.13.0"),
    "PAD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0"),
    "POW": ("1.10.0",),
    "RANGE": ("1.13.0", "2.14.0"),
    "REDUCE_MAX": ("1.11.0", "1.14.0", "2.5.0"),
    "REDUCE_MIN": ("1.11.0", "1.14.0", "2.5.0"),
    "RELU": ("1.5.0", "2.1.0", "2.5.0"),
    "RESHAPE": ("1.5.0",),
    "RSQRT": ("1.10.0", "2.5.0", "2.15.0"),
    "SELECT": ("1.14.0", "1.14.0", "2.12.0", "2.12.0"),
    "SELECT_V2": ("2.2.0", "2.12.0"),
    "SHAPE": ("1.10.0",),
    "SIN": ("1.9.0",),
    "SLICE": ("1.14.0", "1.14.0", "1.14.0", "2.4.0", "2.5.0", "2.14.0"),
    "SOFTMAX": ("1.5.0", "1.14.0", "2.3.0"),
    "SPLIT": ("1.5.0", "1.14.0", "1.14.0", "2.3.0"),
    "SPLIT_V": ("1.13.1", "2.3.0"),
    "SQRT": ("1.10.0",),
    "SQUARE": ("1.12.0",),
    "SQUARED_DIFFERENCE": ("1.13.1", "2.5.0"),
    "SQUEEZE": ("1.6.0", "2.5.0"),
    "STRIDED_SLICE": ("1.6.0", "1.14.0", "2.1.0", "2.2.0", "2.5.0", "2.6.0", "2.14.0", "2.14.0"),
    "SUB": ("1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"),
    "SUM": ("1.10.0", "1.15.0"),
    "TANH": ("1.14.0", "1.14.0", "2.3.0"),
    "TILE": ("1.10.1", "2.2.0", "2.8.0"),
    "TOPK_V2": ("1.7.0", "1.14.0", "2.13.0"),
    "TRANSPOSE": ("1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0"),
    "UNPACK": ("1.11.0", "1.14.0", "2.2.0", "2.3.0"),
    "UNSORTED_SEGMENT_SUM": ("2.10.0",),
    "ZEROS_LIKE": ("1.12.0",),
}  # fmt: skip
SIGNATURES = "2.5.0"  # before it no runtime finds a function by its name

# LiteRT counts anew since it left TensorFlow; its first release has all that the table has.
FIRST_LITERT = "1.0.0"


def correct(tree: Any) -> None:
    """Give ``tree``'s operators the versions that they need, and its metadata the release that has them all.

    Converters set both before weights are quantized, and quantizing changes what an operator needs.

    Raises:
        RecsysError: it is not known which release has one of the operators.
    """
    needed: dict[int, int] = {}
    for graph in tree.subgraphs:
        for operator in graph.operators:
            rule = _RULES.get(opcode(tree, operator))
            if rule is not None:
                number = int(operator.opcodeIndex)
                needed[number] = max(needed.get(number, 1), rule(graph, operator))
    for number, version in needed.items():
        tree.operatorCodes[number].version = version
    release = minimum_runtime(tree)["tensorflow"].encode()
    for entry in tree.metadata or []:
        if entry.name == METADATA:
            tree.buffers[entry.buffer].data = np.frombuffer(release.ljust(METADATA_BYTES, b"\0"), np.uint8)


def minimum_runtime(tree: Any) -> dict[str, str]:
    """The first releases, of ``tensorflow`` and of ``litert``, that have every operator of ``tree``.

    Raises:
        RecsysError: it is not known which release has one of them.
    """
    found = [SIGNATURES]
    for graph in tree.subgraphs:
        for operator in graph.operators:
            name, version = operator_name(tree, operator), tree.operatorCodes[operator.opcodeIndex].version
            releases = RELEASES.get(name, ())
            if not 1 <= version <= len(releases):
                raise RecsysError(
                    f"export: it is not known which release has {name} in version {version}; "
                    "add it to recsys/export/tflite/versions.py"
                )
            found.append(releases[version - 1])
    return {"tensorflow": max(found, key=_number), "litert": FIRST_LITERT}


def _dense_version(graph: Any, operator: Any) -> int:
    """Of FULLY_CONNECTED, by TFLite's rules: no bias at all 6, kept dimensions 5, int8 weights of one scale 3."""
    if len(operator.inputs) == 2:
        return 6
    if operator.builtinOptions.keepNumDims:
        return 5
    return 3 if graph.tensors[operator.inputs[1]].type == schema.TensorType.INT8 else 1


def _widening_version(graph: Any, operator: Any) -> int:
    """Of DEQUANTIZE, by TFLite's rules: float16 3, int8 2."""
    kind = graph.tensors[operator.inputs[0]].type
    return {schema.TensorType.FLOAT16: 3, schema.TensorType.INT8: 2}.get(kind, 1)


# What quantizing changes.
_RULES = {
    schema.BuiltinOperator.FULLY_CONNECTED: _dense_version,
    schema.BuiltinOperator.DEQUANTIZE: _widening_version,
}


def _number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
