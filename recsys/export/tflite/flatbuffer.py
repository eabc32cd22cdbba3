"""A TFLite file as an object tree and back, and what it holds."""

from collections import Counter
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from recsys.core.errors import RecsysError

_OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def read(model: bytes) -> Any:
    """The file as an object tree (``ModelT`` of the TFLite schema)."""
    return flatbuffer_utils.read_model_from_bytearray(bytearray(model))


def write(tree: Any) -> bytes:
    """The file of an object tree."""
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            if tensor.shape is not None:
                tensor.shape = np.asarray(tensor.shape, np.int32)  # the builder shares arrays, not lists
    builder = _SharingBuilder()
    builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def opcode(tree: Any, operator: Any) -> int:
    """Which builtin operator it is, a number of ``schema.BuiltinOperator``."""
    code = tree.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))


def operator_name(tree: Any, operator: Any) -> str:
    """Which builtin operator it is, as ``ADD``."""
    name: str = _OPERATORS[opcode(tree, operator)]
    return name


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
            counts[operator_name(tree, operator)] += 1
    return dict(sorted(counts.items()))


def multiply_adds(tree: Any, signature: str) -> int:
    """Multiply-adds of one pass: those of its matrix products, which are nearly all."""
    index = next(one.subgraphIndex for one in tree.signatureDefs if one.signatureKey == signature.encode())
    graph = tree.subgraphs[index]
    total = 0
    for operator in graph.operators:
        name = operator_name(tree, operator)
        if name in ("FULLY_CONNECTED", "BATCH_MATMUL"):
            left = graph.tensors[operator.inputs[0]].shape
            shared = left[-2] if name == "BATCH_MATMUL" and operator.builtinOptions.adjX else left[-1]
            total += int(np.prod(graph.tensors[operator.outputs[0]].shape)) * int(shared)
    return total


def name_constants(tree: Any, constants: dict[str, npt.NDArray[Any]]) -> None:
    """Name the tensors that hold ``constants``; the converter has numbered them."""
    names = {values.tobytes(): name.encode() for name, values in constants.items()}
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            content = tree.buffers[tensor.buffer].data
            if content is not None and bytes(content) in names:
                tensor.name = names[bytes(content)]


def constant(tree: Any, name: str) -> npt.NDArray[np.uint8] | None:
    """The bytes of the constant of this name, in its shape; None where there is none."""
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            content = tree.buffers[tensor.buffer].data
            if tensor.name == name.encode() and content is not None:
                return np.frombuffer(bytes(content), np.uint8).reshape([*tensor.shape[:-1], -1])
    return None


class _SharingBuilder(flatbuffers.Builder):
    """Writes equal lists of numbers once: shapes, operands, scales. Weights are single bytes, shared as buffers."""

    def __init__(self) -> None:
        super().__init__(1024)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802 - the library's name
        if x.itemsize == 1:
            return int(super().CreateNumpyVector(x))
        key = (x.dtype.str, x.tobytes())
        if key not in self._written:
            self._written[key] = int(super().CreateNumpyVector(x))
        return self._written[key]
