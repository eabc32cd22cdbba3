"""What stays of last night's codes, so that a phone downloads little: scales on a grid, and codes that hold on.

A converter takes each output channel's largest weight for its scale. It moves a little every night, and with it every
code of the channel; on a grid it seldom moves. And a weight that moved by less than ``HOLD`` codes keeps the code it
had in last night's bundle: what is ranked hardly changes, what is sent does. Students, product quantization and floats
begin anew each night: nothing of them is held.
"""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.errors import RecsysError
from recsys.export.quantization.row_codes import LIMIT, STEP, RowCodes, scale_of

INT8 = 9  # TensorType in TFLite's schema
HOLD = {8: 2.0, 4: 0.75}  # codes, of so many bits, that a weight may lie off before it gets another
FARTHEST = 2**0.5  # a scale that moved by more is not taken back: the row's rounding would suffer


def stable_scales(tree: Any) -> None:
    """Round the scales of ``tree``'s int8 weights up to the grid, and their codes with them."""
    for tensor, codes in _dense(tree).values():
        before = _scales(tensor)
        after = np.exp(np.ceil(np.log(before) / STEP - 1e-3) * STEP).astype(np.float32)
        _assign(tree, tensor, np.round(codes * (before / after)[:, None]), after)


def hold(tree: Any, since: Any) -> None:
    """Keep the codes of ``since``, the same variant's tree of the night before, where the weights hardly moved.

    Raises:
        RecsysError: a layer of both is of another shape.
    """
    old, new = _dense(since), _dense(tree)
    for name, (tensor, codes) in new.items():
        if name not in old:  # a signature that last night's file did not have
            continue
        _check_shapes(name, codes.shape, old[name][1].shape)
        kept, scales = held(codes, _scales(tensor), old[name][1], _scales(old[name][0]), 8)
        _assign(tree, tensor, kept, scales.astype(np.float32))


def hold_rows(rows: RowCodes, since: RowCodes) -> RowCodes:
    """``rows``, with the codes of ``since`` where they hardly moved; rows that are new to the table stay.

    Raises:
        RecsysError: the rows are of another width.
    """
    _check_shapes("the item table", rows.codes.shape[1:], since.codes.shape[1:])
    common = min(len(rows.codes), len(since.codes))
    codes, scales = held(
        rows.codes[:common], scale_of(rows.steps[:common]), since.codes[:common], scale_of(since.steps[:common]),
        rows.bits,
    )  # fmt: skip
    taken_back = np.isclose(scales, scale_of(since.steps[:common]))
    steps = np.where(taken_back, since.steps[:common], rows.steps[:common])
    return RowCodes(
        np.concatenate([codes.astype(np.int16), rows.codes[common:]]),
        np.concatenate([steps, rows.steps[common:]]).astype(np.uint8),
        rows.bits,
    )


def held(
    codes: npt.NDArray[Any],
    scales: npt.NDArray[np.floating],
    old_codes: npt.NDArray[Any],
    old_scales: npt.NDArray[np.floating],
    bits: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Codes ``[rows, n]`` of ``bits`` and scales ``[rows]``: a row's old scale where it still fits, old codes within
    ``HOLD``."""
    limit, hold_on = LIMIT[bits], HOLD[bits]
    ratio = scales.astype(np.float64) / old_scales
    at_old = codes * ratio[:, None]
    fits = (np.abs(at_old).max(1) <= limit + hold_on) & (ratio > 1 / FARTHEST) & (ratio < FARTHEST)
    close = np.where(np.abs(at_old - old_codes) <= hold_on, old_codes, np.clip(np.round(at_old), -limit, limit))
    return np.where(fits[:, None], close, codes), np.where(fits, old_scales, scales)


def _check_shapes(name: str, ours: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    if ours != theirs:
        raise RecsysError(
            f"export.since: {name} is {theirs} in last night's bundle and {ours} in this one; "
            "name bundles of the same model settings, or none"
        )


def _dense(tree: Any) -> dict[str, tuple[Any, npt.NDArray[np.int8]]]:
    """Each int8 weight matrix once, by its name, numbered among equals: a tensor that holds it and its codes."""
    found: dict[str, tuple[Any, npt.NDArray[np.int8]]] = {}
    done: set[int] = set()
    names: Counter[str] = Counter()
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            buffer, quantization = tree.buffers[tensor.buffer], tensor.quantization
            if tensor.type != INT8 or buffer.data is None or quantization is None or quantization.scale is None:
                continue
            if tensor.buffer not in done:  # signatures share their weights
                done.add(tensor.buffer)
                codes = np.frombuffer(bytes(buffer.data), np.int8).reshape(tensor.shape)
                name = tensor.name.decode()
                names[name] += 1
                found[name if names[name] == 1 else f"{name} {names[name]}"] = (tensor, codes)
    return found


def _scales(tensor: Any) -> npt.NDArray[np.float32]:
    return np.asarray(tensor.quantization.scale, np.float32)


def _assign(tree: Any, tensor: Any, codes: npt.NDArray[np.floating], scales: npt.NDArray[np.float32]) -> None:
    tree.buffers[tensor.buffer].data = np.clip(codes, -127, 127).astype(np.int8).tobytes()
    for graph in tree.subgraphs:
        for one in graph.tensors:
            if one.buffer == tensor.buffer:
                one.quantization.scale = scales
