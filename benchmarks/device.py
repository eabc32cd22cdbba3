"""Bundles on this machine: size, load, latency, memory and multiply-adds. It is not a phone: ratios carry over, times
do not.

The weights are random, as time and size do not depend on what they are. Every row is a process of its own that has
only the device's code. Usage: python -m benchmarks.device [--quick]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.results import Measurement, write_results
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

ITEMS, FEW, MANY = 3_416, 10_000, 1_000_000
CANDIDATES = 100
NEIGHBOURS, DEPTH = 32, 13  # of an item at most, and on average
VARIANTS = ("float32", "float16", "int8", "int8-m0", "int4", "pq")
CHANNELS = ("request_time", "event_types", "event_values")
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


def client(made: Made, threads: int, events: int, rounds: int) -> dict[str, float]:
    """The best of some processes: a busy moment of the machine makes one slower, none makes it faster."""
    command = [sys.executable, "-m", "benchmarks.device_client", str(made.path), str(threads), str(events)]
    runs = [json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(rounds)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer of everything: does the benchmark work?")
    quick = parser.parse_args().quick
    rounds, lengths, many = (1, (50,), 20_000) if quick else (3, (50, 200), MANY)
    rows: list[Measurement] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in lengths:
            rows += by_variant(folder / str(length), length, ("int8", "int8-m0") if quick else VARIANTS, rounds)
        rows += by_catalog(folder, many, rounds)
        rows += by_event(folder, 50 if quick else 200, rounds)
        rows += by_channel(folder, 50 if quick else 200, rounds)
    write_results("device", rows)
    print("This machine is not a phone: compare the ratios, not the times.")


def by_variant(folder: Path, length: int, variants: tuple[str, ...], rounds: int) -> list[Measurement]:
    """Every variant beside the plain float32 graph, by threads."""
    model = random_model(ITEMS, length)
    base = plain(folder / "plain", random_model(ITEMS, length, memory=False))
    rows = []
    reference = {threads: client(base, threads, length, rounds) for threads in (1, 2)}
    for variant in ("plain", *variants):
        made = base if variant == "plain" else export(folder / variant, model, variant)
        label, against = f"{variant}, history {length}", f"plain float32 graph, history {length}"
        rows.append(Measurement(f"{label}: size", made.size / 1024, "KiB", against, base.size / made.size))
        rows.append(
            Measurement(
                f"{label}: multiply-adds",
                made.multiply_adds / 1e6,
                "M",
                against,
                base.multiply_adds / made.multiply_adds,
            )
        )
        for threads, plainly in reference.items():
            found = plainly if variant == "plain" else client(made, threads, length, rounds)
            where = f"{label}, threads {threads}"
            for key in ("load_ms", "first_ms", "median_ms", "p99_ms"):
                name = f"{where}: {key.removesuffix('_ms')}"
                rows.append(Measurement(name, found[key], "ms", against, plainly[key] / found[key]))
            peak, least = found["peak_bytes"], plainly["peak_bytes"]
            rows.append(Measurement(f"{where}: peak memory", peak / 2**20, "MiB", against, least / peak))
    return rows


def by_catalog(folder: Path, many: int, rounds: int) -> list[Measurement]:
    """int8 over a small and a large catalog: latency, and memory against the file."""
    small, large = (export(folder / f"items-{n}", random_model(n, 50), "int8") for n in (FEW, many))
    few, lots = client(small, 1, 50, rounds), client(large, 1, 50, rounds)
    limit = 1.3 * large.size
    return [
        Measurement(
            f"int8, {many} items: median", lots["median_ms"], "ms",
            f"1.2 times that of {FEW} items", 1.2 * few["median_ms"] / lots["median_ms"],
        ),
        Measurement(
            f"int8, {many} items: memory grown", lots["grown_bytes"] / 2**20, "MiB",
            f"1.3 times the bundle, {limit / 2**20:.0f} MiB", limit / lots["grown_bytes"],
        ),
        Measurement(f"int8, {many} items: load", lots["load_ms"], "ms"),
    ]  # fmt: skip


def by_event(folder: Path, length: int, rounds: int) -> list[Measurement]:
    """One more event against a whole history."""
    rows = []
    for variant in ("float32", "int8"):
        made = export(folder / f"event-{variant}", random_model(ITEMS, length), variant, ("encode", "incremental"))
        found = client(made, 1, length, rounds)
        against = f"a full pass over {length} events"
        for what, whole, one in (("the model", "encode", "step"), ("the Python client", "anew", "append")):
            full, step = found[f"{whole}_ms"], found[f"{one}_ms"]
            rows.append(Measurement(f"{variant}: one event more, {what}", step, "ms", against, full / step))
    return rows


def by_channel(folder: Path, length: int, rounds: int) -> list[Measurement]:
    """Models that read more of an event, beside one that reads its item alone."""
    rows = []
    names = ("encode", "incremental")
    for variant in ("float32", "int8"):
        alone = export(folder / f"{variant}-items", random_model(ITEMS, length), variant, names)
        for channels in (CHANNELS[:1], CHANNELS):
            read = " and ".join(channels)
            made = export(folder / f"{variant}-{read}", random_model(ITEMS, length, channels), variant, names)
            less, more = client(alone, 1, length, rounds), client(made, 1, length, rounds)
            label = f"{variant}, {read}, history {length}"
            for what, unit, without, found in (
                ("size", "KiB", alone.size / 1024, made.size / 1024),
                ("median", "ms", less["median_ms"], more["median_ms"]),
            ):
                rows.append(Measurement(f"{label}: {what}", found, unit, "items alone", without / found))
            full, step = more["encode_ms"], more["step_ms"]
            against = f"a full pass over {length} events"
            rows.append(Measurement(f"{label}: one event more, the model", step, "ms", against, full / step))
    return rows


if __name__ == "__main__":
    main()
