"""One scale a weight matrix, as every runtime reads it; its channels' own scales are applied after the product.

TFLite's dynamic-range FULLY_CONNECTED has one scale for all of an int8 matrix. Kernels that know one for each output
channel came with TensorFlow 2.17, and not to every runtime after it; the others load such a file without a word and
rank nonsense. So a matrix keeps one scale, a power of two, and what is left of each channel's own is a constant of a
MUL that follows. A power of two rounds nothing: the numbers are the same.
"""

import copy
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from recsys.core.errors import RecsysError
from recsys.export.tflite.flatbuffer import opcode
from recsys.export.tflite.graph_cleanup import drop_unused

Floats = npt.NDArray[np.float32]

FULLY_CONNECTED, MUL = schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.MUL
WEIGHTS, BIAS = 1, 2  # inputs of FULLY_CONNECTED


def fold(tree: Any) -> None:
    """Give every int8 matrix of ``tree`` one scale.

    Raises:
        RecsysError: something other than a dense layer reads a tensor with several scales.
    """
    made = _Constants(tree)
    for graph in tree.subgraphs:
        scales = {index: _scales(tensor) for index, tensor in enumerate(graph.tensors) if _scales(tensor).size > 1}
        operators = []
        for operator in graph.operators:
            read = [int(i) for i in operator.inputs if int(i) in scales]
            operators.append(operator)
            if not read:
                continue
            if opcode(tree, operator) != FULLY_CONNECTED or read != [int(operator.inputs[WEIGHTS])]:
                raise RecsysError(
                    f"export: {graph.tensors[read[0]].name!r} has a scale for each channel and is no dense layer's "
                    "weights; not every runtime reads that: quantize it with one scale"
                )
            operators.append(_scaled(made, graph, operator, scales[read[0]]))
        graph.operators = operators
        for index, channels in scales.items():
            quantization = graph.tensors[index].quantization
            quantization.scale = np.array([_shared(channels)], np.float32)
            quantization.zeroPoint = np.zeros(1, np.int64)
    drop_unused(tree)


def unfold(tree: Any) -> None:
    """Put the channels' scales of a folded ``tree`` back beside its weights, where they can be compared.

    The tree then says everything twice: it is for reading, not for running.
    """
    for graph in tree.subgraphs:
        scaled = {int(o.inputs[0]): int(o.inputs[1]) for o in graph.operators if opcode(tree, o) == MUL}
        for operator in graph.operators:
            if opcode(tree, operator) != FULLY_CONNECTED:
                continue
            weights, factors = graph.tensors[operator.inputs[WEIGHTS]], scaled.get(int(operator.outputs[0]))
            if _scales(weights).size == 1 and weights.shape[0] > 1 and factors is not None:
                content = tree.buffers[graph.tensors[factors].buffer].data
                weights.quantization.scale = _scales(weights) * np.frombuffer(bytes(content), np.float32)


class _Constants:
    """Float vectors added to a tree, each content once."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.mul = _operator_code(tree)
        self._buffers: dict[bytes, int] = {}

    def tensor(self, graph: Any, values: Floats) -> int:
        """The number in ``graph`` of a tensor that holds ``values``."""
        content = values.astype(np.float32).tobytes()
        if content not in self._buffers:
            self._buffers[content] = self.buffer(np.frombuffer(content, np.uint8))
        tensor = schema.TensorT()
        tensor.shape, tensor.type = np.array(values.shape, np.int32), schema.TensorType.FLOAT32
        tensor.buffer = self._buffers[content]
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def buffer(self, content: npt.NDArray[np.uint8] | None = None) -> int:
        buffer = schema.BufferT()
        buffer.data = content
        self.tree.buffers.append(buffer)
        return len(self.tree.buffers) - 1


def _scaled(made: _Constants, graph: Any, operator: Any, channels: Floats) -> Any:
    """A MUL that takes the place of ``operator``'s result: what is left of each channel's scale times the product."""
    factors = channels / _shared(channels)
    if len(operator.inputs) > BIAS and operator.inputs[BIAS] >= 0:
        content = made.tree.buffers[graph.tensors[operator.inputs[BIAS]].buffer].data
        operator.inputs = np.array(operator.inputs, np.int32)
        operator.inputs[BIAS] = made.tensor(graph, np.frombuffer(bytes(content), np.float32) / factors)
    result = int(operator.outputs[0])
    product = copy.copy(graph.tensors[result])
    product.name, product.buffer = None, made.buffer()
    graph.tensors.append(product)
    operator.outputs = np.array([len(graph.tensors) - 1], np.int32)
    scaled = schema.OperatorT()
    scaled.opcodeIndex = made.mul
    scaled.inputs = np.array([operator.outputs[0], made.tensor(graph, factors)], np.int32)
    scaled.outputs = np.array([result], np.int32)
    scaled.builtinOptionsType, scaled.builtinOptions = schema.BuiltinOptions.MulOptions, schema.MulOptionsT()
    options = operator.builtinOptions
    scaled.builtinOptions.fusedActivationFunction = options.fusedActivationFunction
    options.fusedActivationFunction = schema.ActivationFunctionType.NONE
    return scaled


def _shared(channels: Floats) -> np.float32:
    """The power of two at or above the largest scale: factors are 1 at most, and half precision holds the product."""
    return np.float32(2.0 ** np.ceil(np.log2(float(channels.max()))))


def _scales(tensor: Any) -> Floats:
    quantization = tensor.quantization
    found = None if quantization is None else quantization.scale
    return np.asarray([] if found is None else found, np.float32)


def _operator_code(tree: Any) -> int:
    """The number of MUL among ``tree``'s operator codes, of a version that multiplies floats."""
    for number, code in enumerate(tree.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == MUL:
            return number
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = MUL
    code.version = 1
    tree.operatorCodes.append(code)
    return len(tree.operatorCodes) - 1
