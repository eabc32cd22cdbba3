"""Bundles made for measuring; their weights are random, as time and size do not depend on what they are."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.bundle import GOLDEN_FILE, PHONE_FORMAT, VOCABULARY_FILE, BundleManifest, seal, write_golden, write_strings
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.events import CleaningPolicy
from recsys.core.events.codes import EventCodes
from recsys.core.history import History
from recsys.export.tflite import flatbuffer, versions
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec, build_model

ITEMS = 3_416
CANDIDATES = 100
NEIGHBOURS, DEPTH = 32, 13  # of an item at most, and on average
TYPES, EDGES = ("cart", "like", "purchase", "view"), (1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Made:
    """A bundle made for measuring."""

    path: Path
    size: int
    multiply_adds: int


def random_model(items: int, length: int, channels: tuple[str, ...] = (), *, memory: bool = True) -> SASRec:
    """64 wide, two blocks of one head, the published shape for MovieLens-1M; random weights.

    ``channels`` are those settings of the model that make it read more of an event than its item.
    """
    keras.utils.set_random_seed(1)
    config = ModelConfig(
        max_length=length,
        width=64,
        blocks=2,
        heads=1,
        feed_forward=1,
        join="residual",
        positions="rotary",
        memory=MemoryConfig(neighbours=NEIGHBOURS) if memory else None,
        **dict.fromkeys(channels, True),
    )
    model = build_model(config, items + 1)
    if model.transitions is not None:
        random = np.random.default_rng(1)
        # Few items are gone from often: they keep all their neighbours, the others few.
        often = (np.arange(items + 1) + 10.0)[:, None] ** -1
        counts = (random.random((items + 1, NEIGHBOURS)) * often).astype(np.float32)
        model.transitions.neighbours.assign(random.integers(1, items + 1, counts.shape).astype(np.int32))
        model.transitions.counts.assign(counts)
        model.transitions.divisors.assign(counts.sum(1))
    return model


def write_bundle(path: Path, content: bytes, items: int, length: int, variant: str) -> Made:
    """A bundle around ``content``, without goldens."""
    path.mkdir(parents=True)
    (path / TFLite.model_file).write_bytes(content)
    write_strings(path / VOCABULARY_FILE, [str(i) for i in range(items)])
    write_golden(path / GOLDEN_FILE, [])
    tree, signatures = flatbuffer.read(content), Interpreter(content).signatures
    names, taken = History.names(), signatures["rerank"].inputs
    manifest = BundleManifest(
        variant=variant,
        model_format=PHONE_FORMAT,
        model_file=TFLite.model_file,
        model_version="benchmark",
        run_digest="benchmark",
        dataset_digest="benchmark",
        history_length=length,
        candidates=CANDIDATES,
        items=items,
        oov_buckets=0,
        cleaning=CleaningPolicy(),
        tolerance=1.0,
        minimum_runtime=versions.minimum_runtime(tree),
        signatures=signatures,
        operators=flatbuffer.operators(tree),
        measured={},
        event_codes=EventCodes(TYPES if names["types"] in taken else (), EDGES if names["values"] in taken else None),
    )
    seal(path, manifest)
    size = sum((path / name).stat().st_size for name in (TFLite.model_file, VOCABULARY_FILE, "manifest.json"))
    return Made(path, size, flatbuffer.multiply_adds(tree, "rerank"))


def export(path: Path, model: SASRec, variant: str, names: tuple[str, ...] = ()) -> Made:
    chosen = Variant.parse(variant, DEPTH)
    content = TFLite().convert(model, chosen, CANDIDATES, names)
    return write_bundle(path, content, model.items.rows - 1, model.config.max_length, variant)


def plain(path: Path, model: SASRec) -> Made:
    """The Keras model as it stands, through the converter as it stands: what anyone has for nothing."""
    length = model.config.max_length
    shapes = [
        tf.TensorSpec([1, size], tf.int32, name=n) for n, size in (("history", length), ("candidates", CANDIDATES))
    ]

    class Plain(tf.Module):
        @tf.function(input_signature=shapes)
        def rerank(self, history: tf.Tensor, candidates: tf.Tensor) -> dict[str, tf.Tensor]:
            query = model.hidden(History(history)).states[:, -1]
            return {"scores": tf.matmul(model.items.lookup(candidates), query[:, :, None])[:, :, 0]}

    module = Plain()
    module.tracked = list(model.variables)
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(module, directory, signatures={"rerank": module.rerank})
        content = tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=["rerank"]).convert()
    return write_bundle(path, content, model.items.rows - 1, length, "plain")
