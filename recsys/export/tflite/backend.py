"""TFLite, the format that phones and browsers run."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.bundle import Signature
from recsys.export.backend import Inspection
from recsys.export.graph.encoding import encode_tables
from recsys.export.graph.inference_model import inference_model
from recsys.export.graph.signatures import Signatures
from recsys.export.quantization.row_codes import RowCodes, scale_of
from recsys.export.quantization.stable_quantization import hold, stable_scales
from recsys.export.tflite import channel_scales, convert, flatbuffer, versions
from recsys.export.tflite.graph_cleanup import clean_up
from recsys.export.variants import BITS, Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.sasrec import SASRec

DESCRIPTION = b"recsys: self-attentive sequential recommendation"  # what viewers show


class TFLite:
    """A ``Backend``."""

    model_file = "model.tflite"

    def convert(
        self,
        model: SASRec,
        variant: Variant,
        candidates: int,
        signatures: Iterable[str] = (),
        since: bytes | None = None,
        items: int | None = None,
    ) -> bytes:
        held = since if variant.base in BITS and not variant.of_student else None
        before = None if held is None else flatbuffer.read(held)
        tables = encode_tables(model, variant, _codes(before, BITS.get(variant.base)))
        inference = inference_model(model, tables)
        content = convert.to_float32(Signatures(inference, candidates, items or model.items.rows - 1, signatures))
        if variant.base == "float16":
            content = convert.cast_to_float16(content)
        elif variant.is_coded:
            content = convert.quantize_dense(content)
        tree = flatbuffer.read(content)
        clean_up(tree)
        if variant.is_coded:
            stable_scales(tree)
        if before is not None:
            channel_scales.unfold(before)
            hold(tree, before)
        if variant.is_coded:
            channel_scales.fold(tree)
        versions.correct(tree)
        flatbuffer.name_constants(tree, tables.constants())
        tree.description = DESCRIPTION
        return flatbuffer.write(tree)

    def inspect(self, content: bytes) -> Inspection:
        tree = flatbuffer.read(content)
        operators = flatbuffer.operators(tree)
        return Inspection(operators, versions.minimum_runtime(tree), flatbuffer.multiply_adds(tree, "rerank"))

    def item_rows(self, content: bytes) -> npt.NDArray[np.float32] | None:
        tree = flatbuffer.read(content)
        floats = flatbuffer.constant(tree, "items/rows")
        if floats is not None:
            return floats.view(np.float32)
        for bits in BITS.values():
            coded = _codes(tree, bits).get("items")
            if coded is not None:
                return (coded.codes * scale_of(coded.steps)[:, None]).astype(np.float32)
        return None

    def load(
        self, model: Path | bytes, promised: dict[str, Signature] | None = None, *, plain: bool = False
    ) -> Interpreter:
        return Interpreter(model, promised, plain=plain)


def _codes(before: Any, bits: int | None) -> dict[str, RowCodes]:
    """Last night's codes by table: of those that its file, if there is one, holds in as many bits."""
    if before is None or bits is None:
        return {}
    bits_of = {"items": bits, "positions": 8}
    found = {table: flatbuffer.constant(before, f"{table}/codes{of}") for table, of in bits_of.items()}
    return {table: RowCodes.unpack(packed, bits_of[table]) for table, packed in found.items() if packed is not None}
