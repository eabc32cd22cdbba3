"""Training speed against a padded reference in plain TensorFlow, on logs shaped like MovieLens-1M and Amazon Beauty.

    make bench-training

Both train the same width, depth, length, batch and loss with the same number of shared negatives, turn and
turn about in one process, each with its own Adam (ours touches only the rows that it reads). The ratio is of users a
second, and the median over turns is reported. Option: --quick.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.results import Measurement, write_results
from benchmarks.training_parts import parts_of
from benchmarks.training_reference import PaddedSASRec, loss_of, padded_batches
from recsys.config.model import ModelConfig
from recsys.config.training import NegativesConfig, TrainingConfig
from recsys.models.keras import keras, tf
from recsys.sequences.sequences import Sequences
from recsys.training.assembly import assemble
from recsys.training.fit import Fit

TURNS = 3
BATCH = 128


@dataclass(frozen=True)
class Shape:
    """A log's shape and the recipe that is timed on it.

    Attributes:
        typical, spread: a history's length is log-normal with this median and this deviation of its logarithm.
    """

    name: str
    items: int
    typical: float
    spread: float
    width: int
    blocks: int
    length: int
    loss: str
    negatives: int
    steps: int


SHAPES = (
    Shape("like MovieLens-1M", 3416, 94, 0.98, 50, 2, 200, "bce", 1, 8),
    Shape("like Amazon Beauty", 12101, 4.5, 0.62, 64, 1, 50, "sampled_softmax", 256, 40),
)


def make_sequences(shape: Shape) -> Sequences:
    rng = np.random.default_rng(0)
    users = BATCH * shape.steps
    lengths = np.maximum(rng.lognormal(np.log(shape.typical), shape.spread, users).astype(int), 3)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = rng.integers(1, shape.items + 1, offsets[-1]).astype(np.int32)
    return Sequences(np.arange(users).astype(object), offsets, items, np.arange(offsets[-1]), lengths, lengths)


def make_fit(config: ModelConfig, training: TrainingConfig, sequences: Sequences, items: int) -> Fit:
    """A new model's fit on all of ``sequences``."""
    model, batches = assemble(config, training, sequences, sequences.offsets[1:], items, items + 1)
    return Fit(model, batches, training, [])


def split_users(sequences: Sequences, ends: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int32]]:
    """Each user's items up to the flat position of ``ends``."""
    return [sequences.items[a:b] for a, b in zip(sequences.offsets[:-1], ends, strict=True)]


def settings(shape: Shape) -> tuple[ModelConfig, TrainingConfig]:
    model_config = ModelConfig(
        max_length=shape.length,
        width=shape.width,
        blocks=shape.blocks,
        feed_forward=1,
        join="residual",
        positions="newest",
        memory=None,
    )
    training = TrainingConfig(
        loss=shape.loss,
        negatives=NegativesConfig(uniform=shape.negatives, exclude_seen=False),
        events="newest",
        batch_size=BATCH,
    )
    return model_config, training


def ours(shape: Shape, sequences: Sequences) -> Callable[[int], float]:
    """A function that runs an epoch and gives its seconds."""
    fit = make_fit(*settings(shape), sequences, shape.items)

    def epoch(number: int) -> float:
        started = time.perf_counter()
        *_, last = fit.steps(number)
        last.numpy()
        return time.perf_counter() - started

    return epoch


def reference(shape: Shape, histories: list[npt.NDArray[np.int32]]) -> Callable[[int], float]:
    """The same for the padded reference."""
    model = PaddedSASRec(shape.items, shape.length, shape.width, shape.blocks, 0.2)
    model(np.zeros((1, shape.length), np.int32))
    optimizer = keras.optimizers.Adam(1e-3, beta_2=0.98, jit_compile=False)

    @tf.function(reduce_retracing=True)
    def step(history: tf.Tensor, targets: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            hidden = model(history, training=True)
            value = loss_of(hidden, model.items.embeddings, targets, negatives, shape.loss)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    def epoch(number: int) -> float:
        rng = np.random.default_rng(number)
        started = time.perf_counter()
        for history, targets in padded_batches(histories, shape.length, BATCH, rng):
            negatives = rng.choice(shape.items, shape.negatives, replace=False).astype(np.int32) + 1
            value = step(tf.constant(history), tf.constant(targets), tf.constant(negatives))
        value.numpy()
        return time.perf_counter() - started

    return epoch


def peak_gflops() -> float:
    """Billions of floating-point operations a second of a large matrix product, the best of several."""
    a = tf.random.normal([2048, 2048])
    product = tf.function(lambda: tf.matmul(a, a)[0, 0])
    product()
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        product().numpy()
        best = min(best, time.perf_counter() - started)
    return 2 * 2048**3 / best / 1e9


def operations(shape: Shape, sequences: Sequences) -> float:
    """Floating-point operations of one epoch over real events: forward, and twice that backward."""
    lengths = np.minimum(np.diff(sequences.offsets) - 1, shape.length)
    d = shape.width
    dense = lengths.sum() * shape.blocks * (4 + 2) * d * d
    attention = (lengths.astype(float) ** 2).sum() * shape.blocks * d  # two products, half of each masked
    logits = lengths.sum() * d * (shape.negatives + 1)
    return 3 * 2 * float(dense + attention + logits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two steps, once: does the benchmark work?")
    quick = parser.parse_args().quick
    measurements = []
    peak = peak_gflops()
    for shape in (replace(one, steps=2) for one in SHAPES) if quick else SHAPES:
        sequences = make_sequences(shape)
        mine, theirs = ours(shape, sequences), reference(shape, split_users(sequences, sequences.offsets[1:]))
        mine(0), theirs(0)  # traces and warms up
        pairs = [(mine(turn), theirs(turn)) for turn in range(1, 2 if quick else TURNS + 1)]
        seconds = statistics.median(pair[0] for pair in pairs)
        ratio = statistics.median(other / own for own, other in pairs)
        users = BATCH * shape.steps
        against = "padded, the framework's own layers"
        measurements.append(Measurement(f"training, {shape.name}", users / seconds, "users/s", against, ratio))
        share = operations(shape, sequences) / seconds / 1e9 / peak
        measurements.append(Measurement(f"share of the peak, {shape.name}", share, "of a matrix product's"))
        parts = parts_of(make_fit(*settings(shape), sequences, shape.items))
        measurements += [Measurement(f"  {part}", value, "of a step") for part, value in parts.items()]
    write_results("training", measurements)


if __name__ == "__main__":
    main()
