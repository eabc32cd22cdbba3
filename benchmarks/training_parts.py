"""What a training step's time goes into: making the batch, forward, backward, and the update."""

import time
from collections.abc import Callable
from typing import Any

from recsys.models.keras import tf
from recsys.training.fit import Fit

COUNT, TRIES = 6, 3  # batches timed, and how often


def parts_of(fit: Fit) -> dict[str, float]:
    """Each part's share of a step that does nothing else; batches are made in a thread, while it steps."""
    objective, batches = fit.objective, fit.batches
    signature = {**batches.signature(), "seed": tf.TensorSpec([2], tf.int32)}

    @tf.function(input_signature=[signature])
    def forward(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        return objective.compute_loss(batch, training=True)

    @tf.function(input_signature=[signature])
    def gradients(batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = objective.compute_loss(batch, training=True)
        # All of them are given back: TensorFlow leaves out what nobody reads, control dependencies or not.
        return [getattr(one, "values", one) for one in tape.gradient(loss, objective.trainable_variables)]

    step = tf.function(lambda batch: objective.train_step(batch)["loss"], input_signature=[signature])
    started = time.perf_counter()
    made: list[dict[str, Any]] = [{**one} for _, one in zip(range(COUNT), batches.epoch(1), strict=False)]
    making = time.perf_counter() - started
    ready = [{**{name: tf.constant(value) for name, value in one.items()}, "seed": tf.constant([1, 1])} for one in made]

    def seconds(function: Callable[[dict[str, Any]], Any]) -> float:
        function(ready[0])  # traced
        total = 0.0
        for one in ready:
            tries = []
            for _ in range(TRIES):
                began = time.perf_counter()
                tf.nest.flatten(function(one))[0].numpy()
                tries.append(time.perf_counter() - began)
            total += min(tries)  # what a busy machine adds is no part of the work
        return total

    ahead, through, whole = seconds(forward), seconds(gradients), seconds(step)
    return {
        "forward": ahead / whole,
        "backward": (through - ahead) / whole,
        "update": (whole - through) / whole,
        "making the next batch, meanwhile": making / whole,
    }
