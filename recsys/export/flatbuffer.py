"""What a TFLite file holds, and the little that is mended in it: shared buffers and its description."""

import hashlib
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from recsys.errors import RecsysError

MINIMUM_RUNTIME = b"min_runtime_version"
_OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def read(model: bytes) -> Any:
    """The file as an object tree (``ModelT`` of the TFLite schema)."""
    return flatbuffer_utils.read_model_from_bytearray(bytearray(model))


def write(tree: Any) -> bytes:
    """The file of an object tree, what its signatures share stored once."""
    _share_buffers(tree)
    _share_quantisation(tree)
    _drop_computed_names(tree)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(tree))


def operators(tree: Any) -> dict[str, int]:
    """How often each operator stands in all of the model's graphs.

    Raises:
        RecsysError: one is custom or from TensorFlow (Flex), which a plain runtime lacks.
    """
    counts: Counter[str] = Counter()
    for graph in tree.subgraphs:
        for operator in graph.operators:
            code = tree.operatorCodes[operator.opcodeIndex]
            if code.customCode is not None:
                raise RecsysError(
                    f"export: operator {code.customCode.decode()} is not built into TFLite; "
                    "write that part of the model in operations that are"
                )
            counts[_OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]] += 1
    return dict(sorted(counts.items()))


def multiply_adds(tree: Any, signature: str) -> int:
    """Multiply-adds of one pass: those of its matrix products, which are nearly all."""
    index = next(one.subgraphIndex for one in tree.signatureDefs if one.signatureKey == signature.encode())
    graph = tree.subgraphs[index]
    total = 0
    for operator in graph.operators:
        code = tree.operatorCodes[operator.opcodeIndex]
        name = _OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if name in ("FULLY_CONNECTED", "BATCH_MATMUL"):
            left = graph.tensors[operator.inputs[0]].shape
            shared = left[-2] if name == "BATCH_MATMUL" and operator.builtinOptions.adjX else left[-1]
            total += int(np.prod(graph.tensors[operator.outputs[0]].shape)) * int(shared)
    return total


def minimum_runtime(tree: Any) -> str:
    """The first TFLite version that has every operator, as the converter wrote it."""
    for entry in tree.metadata or []:
        if entry.name == MINIMUM_RUNTIME:
            return bytes(tree.buffers[entry.buffer].data).rstrip(b"\x00").decode()
    raise RecsysError("export: the converter wrote no minimum runtime version")


def _share_buffers(tree: Any) -> None:
    first: dict[bytes, int] = {}
    renumbered: dict[int, int] = {0: 0}
    kept = [tree.buffers[0]]
    for index, buffer in enumerate(tree.buffers[1:], start=1):
        # An empty buffer marks a tensor that is computed, and each needs its own.
        content = b"" if buffer.data is None else bytes(buffer.data)
        key = hashlib.sha256(content).digest() if content else index.to_bytes(8, "little")
        if key not in first:
            first[key] = len(kept)
            kept.append(buffer)
        renumbered[index] = first[key]
    tree.buffers = kept
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer = renumbered[tensor.buffer]
    for entry in tree.metadata or []:
        entry.buffer = renumbered[entry.buffer]


def _share_quantisation(tree: Any) -> None:
    vectors: dict[tuple[str, bytes], int] = {}
    tables: dict[tuple[bytes, bytes, int], int] = {}
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            if tensor.quantization is not None and tensor.quantization.scale is not None:
                tensor.quantization = _SharedScales(tensor.quantization, vectors, tables)


class _SharedScales:
    """Scales and zero points that are written once and referred to by every tensor that has the same."""

    def __init__(
        self, quantization: Any, vectors: dict[tuple[str, bytes], int], tables: dict[tuple[bytes, bytes, int], int]
    ) -> None:
        self._scale = np.asarray(quantization.scale, np.float32)
        self._zero_point = np.asarray(quantization.zeroPoint, np.int64)
        self._dimension = int(quantization.quantizedDimension)
        self._vectors, self._tables = vectors, tables

    def Pack(self, builder: Any) -> int:  # noqa: N802 - the name that the flatbuffers library calls
        key = (self._scale.tobytes(), self._zero_point.tobytes(), self._dimension)
        if key not in self._tables:
            scale, zero_point = self._vector(builder, self._scale), self._vector(builder, self._zero_point)
            schema.QuantizationParametersStart(builder)
            schema.QuantizationParametersAddScale(builder, scale)
            schema.QuantizationParametersAddZeroPoint(builder, zero_point)
            schema.QuantizationParametersAddQuantizedDimension(builder, self._dimension)
            self._tables[key] = schema.QuantizationParametersEnd(builder)
        return self._tables[key]

    def _vector(self, builder: Any, values: npt.NDArray[Any]) -> int:
        key = (values.dtype.name, values.tobytes())
        if key not in self._vectors:
            self._vectors[key] = builder.CreateNumpyVector(values)
        return self._vectors[key]


def _drop_computed_names(tree: Any) -> None:
    """Names of inputs, outputs and weights help a reader; those of what lies between only take room."""
    for graph in tree.subgraphs:
        named = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            if index not in named and tree.buffers[tensor.buffer].data is None:
                tensor.name = None
