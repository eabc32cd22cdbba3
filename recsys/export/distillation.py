"""Smaller models that learn to score as a teacher does (Hinton et al., 2015): students, and what was made smaller."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.config.export import StudentConfig
from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.export.pruning import prune
from recsys.export.quantization.product import CHOICES
from recsys.models.events import history_spec, requests_of
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec, build_model
from recsys.sequences.sequences import Sequences
from recsys.sequences.transitions import highest_pmi
from recsys.terminal import say

REPORT_EVERY = 100  # steps
ADAPTING = 3  # learning to do with less takes one step for so many of a student's


def distill(teacher: SASRec, sequences: Sequences, config: StudentConfig) -> SASRec:
    """Train a student of ``config``'s shape on the teacher's scores of the whole catalog.

    Histories are random prefixes of what users did before their validation item, scored after several of their events.
    Only the teacher's answers are learned, never the items that followed: both read the same transition memory, in
    which those items already stand.

    Returns:
        The student, with the teacher's positions and the most telling part of its memory.
    """
    keras.utils.set_random_seed(config.seed)
    depth = teacher.transitions.depth if teacher.transitions else None
    student = build_model(shape_of(config, teacher.config), teacher.items.rows, depth=depth)
    _begin_with(student, teacher, config.memory_average)
    _learn(student, teacher, student.trainable_variables, sequences, config, config.steps)
    return student


def shape_of(config: StudentConfig, teacher: ModelConfig) -> ModelConfig:
    """A student's shape: ``config``'s, and its teacher's in what that leaves open."""
    own = {"width": config.width, "blocks": config.blocks, "heads": 1, "feed_forward": config.feed_forward}
    return ModelConfig.model_validate({**teacher.model_dump(), **own, "dropout": 0.0})


def adapt(
    source: SASRec,
    teacher: SASRec,
    sequences: Sequences,
    config: StudentConfig,
    *,
    kept: float | None = None,
    table: npt.NDArray[np.float32] | None = None,
    choices: npt.NDArray[np.uint8] | None = None,
) -> SASRec:
    """A copy of ``source``, which is as ``build_model`` makes it, that has learned to do with less.

    Args:
        kept: share of heads and hidden units, as ``prune`` has it; what is left learns on.
        table: the item table as a phone will read it; None leaves the source's, which learns on.
        choices: ``[rows, parts]``, the centroids of product quantization that ``table`` is made of. They learn on: rows
            keep their choices, and what one part of a row gains, all that chose the same centroid gain.
    """
    adapted = prune(source, kept)
    learning = adapted.trainable_variables
    if table is not None:
        adapted.trained_items.assign(table)
        if choices is None:
            table_of = {variable.ref() for variable in adapted.trained_items.trainable_variables}
            learning = [variable for variable in learning if variable.ref() not in table_of]
    _learn(adapted, teacher, learning, sequences, config, max(config.steps // ADAPTING, 1), choices)
    return adapted


def scores_after(model: SASRec, history: History, columns: tf.Tensor) -> tf.Tensor:
    """Scores of every item after some of a history's events.

    Args:
        columns: ``[batch, n] int32``, the events.

    Returns:
        ``[batch * n, items]``, padding's row left out.
    """
    query = tf.reshape(tf.gather(model.hidden(history).states, columns, batch_dims=1), [-1, model.config.width])
    newest = model.config.memory.newest if model.config.memory else 1
    places = columns[:, :, None] + tf.range(newest)  # oldest first

    def windows(channel: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.pad(channel, [[0, 0], [newest - 1, 0]]), places, batch_dims=1)

    events = history.like(history_spec(model.config, None)).map(windows)
    if model.config.request_time:
        asked = tf.gather(requests_of(history.times), columns, batch_dims=1)
        events = events._replace(times=tf.maximum(events.times - asked[:, :, None], 0))
    return tf.add_n(model.parts_of_query(query, events.map(lambda channel: tf.reshape(channel, [-1, newest]))))[:, 1:]


def _learn(
    student: SASRec,
    teacher: SASRec,
    variables: list[tf.Variable],
    sequences: Sequences,
    config: StudentConfig,
    steps: int,
    choices: npt.NDArray[np.uint8] | None = None,
) -> None:
    """Descend the divergence from the teacher by ``variables`` alone; ``choices`` as in ``adapt``."""
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(config.learning_rate, steps), beta_2=0.98)
    optimizer.build(variables)
    events = tf.TensorSpec([None, None], tf.int32)

    @tf.function(input_signature=[history_spec(teacher.config, None), events])
    def learn(history: History, columns: tf.Tensor) -> tf.Tensor:
        wanted = tf.nn.softmax(scores_after(teacher, history, columns))
        with tf.GradientTape() as tape:
            scores = scores_after(student, history, columns)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, scores))
        gradients = tape.gradient(loss, variables)
        if choices is not None:
            (vectors,) = student.trained_items.trainable_variables
            place = next(n for n, variable in enumerate(variables) if variable is vectors)
            gradients[place] = _shared(tf.convert_to_tensor(gradients[place]), choices)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss - tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, tf.math.log(wanted + 1e-20)))

    say(f"distill: {steps} steps, each imitates the teacher after {config.batch_size * config.positions:,} events")
    like = history_spec(teacher.config, None)
    for step, (history, columns) in enumerate(_histories(sequences, like, config, steps), 1):
        divergence = learn(history, columns)
        if step % REPORT_EVERY == 0 or step == steps:
            say(f"distill: step {step} of {steps}, divergence from the teacher {float(divergence):.4f}")


def _shared(gradient: tf.Tensor, choices: npt.NDArray[np.uint8]) -> tf.Tensor:
    """``gradient [rows, width]`` of an item table, the same for all parts of rows that are one centroid."""
    rows, parts = choices.shape
    centroids = choices.astype(np.int32) + CHOICES * np.arange(parts, dtype=np.int32)
    means = tf.math.unsorted_segment_mean(tf.reshape(gradient, [rows, parts, -1]), centroids, parts * CHOICES)
    return tf.reshape(tf.gather(means, centroids), [rows, -1])


def _histories(
    sequences: Sequences, like: History, config: StudentConfig, steps: int
) -> Iterator[tuple[History, npt.NDArray[np.int32]]]:
    """``steps`` batches of histories and of events in them to score after."""
    random, length = np.random.default_rng(config.seed), int(like.items.shape[1])
    starts, ends = sequences.bounds("train")
    users = np.flatnonzero(ends > starts)
    # Long histories hold more distinct prefixes, so they are drawn more often.
    chances = (ends - starts)[users] / (ends - starts)[users].sum()
    for _ in range(steps):
        chosen = random.choice(users, config.batch_size, p=chances)
        positions = random.integers(starts[chosen], ends[chosen]) + 1
        real = np.minimum(positions - starts[chosen], length)
        back = random.integers(0, real[:, None], (config.batch_size, config.positions))
        back[:, 0] = 0  # the whole history above all: it is what a phone scores after
        requests = sequences.timestamps[np.minimum(positions, ends[chosen] - 1)]  # no event held out tells its time
        yield sequences.histories(chosen, positions, like, requests), (length - 1 - back).astype(np.int32)


def _begin_with(student: SASRec, teacher: SASRec, average: float) -> None:
    """Start from the directions of the teacher's item table that carry most, and from part of its memory."""
    table = teacher.trained_items.vectors()
    _, _, directions = np.linalg.svd(table, full_matrices=False)
    started = table @ directions[: student.config.width].T
    student.trained_items.assign(np.pad(started, [(0, 0), (0, student.config.width - started.shape[1])]))
    known = teacher.transitions
    if student.memory is not None and student.transitions is not None and teacher.memory is not None and known:
        attention = teacher.memory.attention
        neighbours, counts = known.neighbours.numpy(), known.counts.numpy()
        kept = highest_pmi(neighbours, counts, int(average * len(counts)))
        first = np.argsort(~kept, axis=1, kind="stable")  # rows close their gaps
        neighbours, counts = (
            np.take_along_axis(np.where(kept, values, 0), first, 1).astype(values.dtype)
            for values in (neighbours, counts)
        )
        student.transitions.assign_rows(neighbours, counts, known.divisors.numpy())
        student.transitions.is_related = known.is_related
        for name in ("age_bias", "log_scale", "gain"):
            getattr(student.memory.attention, name).assign(getattr(attention, name))
