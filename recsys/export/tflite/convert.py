"""From a phone model to TFLite bytes: float32, then the quantization a variant asks for."""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from litert_quantizer import quantizer
from litert_quantizer.algorithm_manager import AlgorithmName
from litert_quantizer.qtyping import TFLOperationName

from recsys.export.graph.signatures import Signatures
from recsys.models.keras import tf


def to_float32(signatures: Signatures) -> bytes:
    """A float32 TFLite model with the given signatures, as the converter writes it."""
    names = list(signatures.functions)
    with tempfile.TemporaryDirectory() as directory, _quiet():
        tf.saved_model.save(signatures, directory, signatures=signatures.functions)
        model: bytes = tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=names).convert()
    return model


def quantize_dense(model: bytes) -> bytes:
    """Dense layers in dynamic-range int8: integer weights, scales by output channel, activations as they come."""
    return _quantized(model, lambda work: work.add_dynamic_config(".*", TFLOperationName.FULLY_CONNECTED, num_bits=8))


def cast_to_float16(model: bytes) -> bytes:
    """Weights in float16; a runtime without float16 arithmetic widens them when it loads the model."""

    def recipe(work: quantizer.Quantizer) -> None:
        for operation in (TFLOperationName.FULLY_CONNECTED, TFLOperationName.EMBEDDING_LOOKUP):
            work.add_weight_only_config(".*", operation, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING)

    return _quantized(model, recipe)


def _quantized(model: bytes, recipe: Callable[[quantizer.Quantizer], None]) -> bytes:
    with tempfile.TemporaryDirectory() as directory, _quiet():
        path = Path(directory) / "model.tflite"
        path.write_bytes(model)
        work = quantizer.Quantizer(str(path))
        recipe(work)
        return bytes(work.quantize().quantized_model)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Converters print progress of their own to both streams, some of it from C++; ours is enough."""
    with contextlib.redirect_stdout(io.StringIO()), Path(os.devnull).open("w") as sink:
        saved = os.dup(2)
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
