"""Dense layers' scales on the grid of the item table's rows, so that they stay from one night to the next.

A converter takes each output channel's largest weight for its scale. It moves a little every night, and with it every
code of the channel; on a grid it seldom moves, and only the codes of the weights that learned differ.
"""

from typing import Any

import numpy as np

from recsys.export.tables import STEP

INT8 = 9  # TensorType in TFLite's schema


def steady_scales(tree: Any) -> None:
    """Round the scales of ``tree``'s int8 weights up to the grid, and their codes with them."""
    done: set[int] = set()
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            buffer, quantisation = tree.buffers[tensor.buffer], tensor.quantization
            if tensor.type != INT8 or buffer.data is None or quantisation is None or quantisation.scale is None:
                continue
            before = np.asarray(quantisation.scale, np.float32)
            after = np.exp(np.ceil(np.log(before) / STEP - 1e-3) * STEP).astype(np.float32)
            if tensor.buffer not in done:  # signatures share their weights
                codes = np.frombuffer(bytes(buffer.data), np.int8).reshape(tensor.shape)
                along = [1] * codes.ndim
                along[quantisation.quantizedDimension] = -1
                moved = np.round(codes * (before / after).reshape(along))
                buffer.data = np.clip(moved, -127, 127).astype(np.int8).tobytes()
                done.add(tensor.buffer)
            quantisation.scale = after
