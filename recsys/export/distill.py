"""A student: a smaller model of the same kind that learns to score as its teacher does (Hinton et al., 2015)."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.config.export import StudentConfig
from recsys.data.sequences import Sequences
from recsys.data.transitions import Transitions
from recsys.models.keras import keras, tf
from recsys.models.memory import TransitionMemory
from recsys.models.sasrec import SASRec, build_model
from recsys.terminal import say

REPORT_EVERY = 500  # steps


def distil(teacher: SASRec, sequences: Sequences, config: StudentConfig) -> SASRec:
    """Train a student of ``config``'s shape on the teacher's scores of the whole catalogue.

    Histories are random prefixes of what users did before their validation item. Only the teacher's answers are
    learned, never the items that followed: both read the same transition memory, in which those items already stand.

    Returns:
        The student, with the teacher's memory and positions.
    """
    keras.utils.set_random_seed(config.seed)
    shape = {"width": config.width, "blocks": config.blocks, "heads": 1, "feed_forward": config.feed_forward}
    student = build_model(teacher.config.model_copy(update={**shape, "dropout": 0.0}), teacher.table_size)
    _begin_with(student, teacher)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.steps)
    optimizer = keras.optimizers.Adam(rate, beta_2=0.98)
    optimizer.build(student.trainable_variables)
    signature = [tf.TensorSpec([None, teacher.config.max_length], tf.int32)]

    @tf.function(input_signature=signature)
    def learn(history: tf.Tensor) -> tf.Tensor:
        wanted = tf.nn.softmax(teacher.score_all(history)[:, 1:])
        with tf.GradientTape() as tape:
            scores = student.score_all(history)[:, 1:]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, scores))
        gradients = tape.gradient(loss, student.trainable_variables)
        optimizer.apply_gradients(zip(gradients, student.trainable_variables, strict=True))
        return loss - tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, tf.math.log(wanted + 1e-20)))

    for step, history in enumerate(_histories(sequences, teacher.config.max_length, config), 1):
        divergence = learn(history)
        if step % REPORT_EVERY == 0 or step == config.steps:
            say(f"distil: step {step} of {config.steps}, divergence from the teacher {float(divergence):.4f}")
    return student


def _histories(sequences: Sequences, length: int, config: StudentConfig) -> Iterator[npt.NDArray[np.int32]]:
    random = np.random.default_rng(config.seed)
    starts, ends = sequences.bounds("train")
    users = np.flatnonzero(ends > starts)
    # Long histories hold more distinct prefixes, so they are drawn more often.
    chances = (ends - starts)[users] / (ends - starts)[users].sum()
    for _ in range(config.steps):
        chosen = random.choice(users, config.batch_size, p=chances)
        positions = random.integers(starts[chosen], ends[chosen]) + 1
        yield sequences.histories(chosen, positions, length)


def _begin_with(student: SASRec, teacher: SASRec) -> None:
    """Start from the directions of the teacher's item table that carry most, and from its memory."""
    table = teacher.item_table.numpy()
    _, _, directions = np.linalg.svd(table, full_matrices=False)
    student.item_table.assign(table @ directions[: student.config.width].T)
    if isinstance(student.memory, TransitionMemory) and teacher.memory is not None:
        known = teacher.memory
        student.memory.assign(
            Transitions(known.neighbours.numpy(), known.counts.numpy(), known.totals.numpy(), known.config.window)
        )
        for name in ("age_bias", "log_scale", "gain"):
            getattr(student.memory, name).assign(getattr(known, name))
