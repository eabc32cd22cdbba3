"""Make a TFLite file smaller without changing what it computes."""

import hashlib
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator

from recsys.export.tflite.flatbuffer import opcode

WEIGHTS = 32  # bytes; constants below are sizes, axes and factors
IDENTITIES = {BuiltinOperator.RESHAPE, BuiltinOperator.STRIDED_SLICE}


def clean_up(tree: Any) -> None:
    """Share equal buffers, take out what computes nothing, and drop what nothing reads."""
    for graph in tree.subgraphs:
        _drop_identities(tree, graph)
    _drop_unused_tensors(tree)
    _share_buffers(tree)
    _drop_empty_quantization(tree)
    _drop_marks(tree)


def drop_unused(tree: Any) -> None:
    """Drop what nothing reads, and share nothing anew."""
    _drop_unused_tensors(tree)
    _renumber_buffers(tree, {index: index.to_bytes(8, "little") for index in range(len(tree.buffers))})


def _drop_identities(tree: Any, graph: Any) -> None:
    """Slices and reshapes that give what they are given; ``x[..., None]`` leaves one behind."""
    stands_for: dict[int, int] = {}
    kept = []
    for operator in graph.operators:
        operator.inputs = np.array([stands_for.get(int(i), int(i)) for i in operator.inputs], np.int32)
        source, result = int(operator.inputs[0]), int(operator.outputs[0])
        same = np.array_equal(graph.tensors[source].shape, graph.tensors[result].shape)
        known = opcode(tree, operator) in IDENTITIES
        forward = known and (len(operator.inputs) < 4 or _all_ones(tree, graph.tensors[int(operator.inputs[3])]))
        if same and forward and result not in graph.outputs:
            stands_for[result] = source
        else:
            kept.append(operator)
    graph.operators = kept


def _all_ones(tree: Any, tensor: Any) -> bool:
    """Whether ``tensor`` is a constant of strides that skip nothing and go forward."""
    content = tree.buffers[tensor.buffer].data
    return content is not None and bool((np.frombuffer(bytes(content), np.int32) == 1).all())


def _drop_unused_tensors(tree: Any) -> None:
    for number, graph in enumerate(tree.subgraphs):
        signatures = [one for one in tree.signatureDefs or [] if one.subgraphIndex == number]
        _renumber_tensors(graph, [named for one in signatures for named in [*one.inputs, *one.outputs]])


def _renumber_tensors(graph: Any, named: list[Any]) -> None:
    """``named``: the signatures' inputs and outputs, which number the graph's tensors too."""
    lists = [graph.inputs, graph.outputs, *(o.inputs for o in graph.operators), *(o.outputs for o in graph.operators)]
    used = sorted({int(i) for numbers in lists for i in numbers if i >= 0})
    place = {old: new for new, old in enumerate(used)} | {-1: -1}

    def renumbered(numbers: Any) -> Any:
        return np.array([place[int(i)] for i in numbers], np.int32)

    graph.tensors = [graph.tensors[i] for i in used]
    graph.inputs, graph.outputs = renumbered(graph.inputs), renumbered(graph.outputs)
    for operator in graph.operators:
        operator.inputs, operator.outputs = renumbered(operator.inputs), renumbered(operator.outputs)
    for one in named:
        one.tensorIndex = place[one.tensorIndex]


def _share_buffers(tree: Any) -> None:
    """Each content once, and none that nothing refers to; buffer 0 is empty by the format's rule.

    What only looks alike is not shared: bytes of another type, or codes of other scales, may change apart.
    """
    keys = {}
    for index, kind in {int(owner.buffer): _kind(owner) for owner in _owners(tree)}.items():
        # An empty buffer marks a tensor that is computed, and each needs its own.
        data = tree.buffers[index].data
        content = b"" if data is None else bytes(data)
        keys[index] = hashlib.sha256(kind + content).digest() if content else index.to_bytes(8, "little")
    _renumber_buffers(tree, keys)


def _renumber_buffers(tree: Any, keys: dict[int, bytes]) -> None:
    """Keep the first buffer of each key; ``keys`` has those of all that something refers to."""
    owners = _owners(tree)
    first: dict[bytes, int] = {}
    renumbered: dict[int, int] = {0: 0}
    kept = [tree.buffers[0]]
    for index in sorted({owner.buffer for owner in owners} - {0}):
        if keys[index] not in first:
            first[keys[index]] = len(kept)
            kept.append(tree.buffers[index])
        renumbered[index] = first[keys[index]]
    tree.buffers = kept
    for owner in owners:
        owner.buffer = renumbered[owner.buffer]


def _owners(tree: Any) -> list[Any]:
    return [tensor for graph in tree.subgraphs for tensor in graph.tensors] + list(tree.metadata or [])


def _kind(owner: Any) -> bytes:
    """What a tensor's bytes mean, or a metadata entry's."""
    quantization = getattr(owner, "quantization", None)
    scale = None if quantization is None else quantization.scale
    return bytes([getattr(owner, "type", 255)]) + (b"" if scale is None else np.asarray(scale).tobytes())


def _drop_empty_quantization(tree: Any) -> None:
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None


def _drop_marks(tree: Any) -> None:
    """Names of inputs, outputs and weights help a reader; others only take room, as does the mark of a known rank."""
    for graph in tree.subgraphs:
        named = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            tensor.hasRank = False  # only converters read it, to tell scalars from what has no shape
            content = tree.buffers[tensor.buffer].data
            small = tensor.quantization is None and (content is None or len(content) < WEIGHTS)
            if small and index not in named:
                tensor.name = None
