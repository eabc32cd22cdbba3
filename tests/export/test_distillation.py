"""A student comes to score as its teacher does."""

import dataclasses

import numpy as np
import pytest

from recsys.config.export import StudentConfig
from recsys.core.history import History
from recsys.export.distillation import _histories, adapt, distill, scores_after
from recsys.export.variants import Variant
from recsys.models.events import history_spec
from recsys.models.keras import tf


def divergence(teacher, student, histories):
    """Mean Kullback-Leibler divergence over the catalog, by hand: sum p log(p / q)."""

    def probabilities(model):
        scores = model.score_all(histories).numpy()[:, 1:].astype(np.float64)
        exponents = np.exp(scores - scores.max(1, keepdims=True))
        return exponents / exponents.sum(1, keepdims=True)

    p, q = probabilities(teacher), probabilities(student)
    return float((p * np.log(p / q)).sum(1).mean())


@pytest.fixture(scope="module")
def histories(dataset, model):
    users, positions = dataset.sequences.targets("test")
    return dataset.sequences.histories(users, positions, history_spec(model.config, None))


def test_a_student_learns_nothing_of_held_out_events_nor_of_their_times(dataset):
    sequences, like = dataset.sequences, History(np.empty((0, 12)), np.empty((0, 12)))
    held_out = np.concatenate([sequences.targets(split)[1] for split in ("validation", "test")])
    items, times = sequences.items.copy(), sequences.timestamps.copy()
    items[held_out], times[held_out] = 1, times[held_out] + 10**9
    moved = dataclasses.replace(sequences, items=items, timestamps=times)
    config = StudentConfig(batch_size=64, positions=2)
    for (ours, columns), (theirs, same) in zip(
        _histories(sequences, like, config, 5), _histories(moved, like, config, 5), strict=True
    ):
        np.testing.assert_array_equal(ours.items, theirs.items)
        np.testing.assert_array_equal(ours.times, theirs.times)
        np.testing.assert_array_equal(columns, same)
        assert ours.times.max() > 0


@pytest.mark.slow
def test_learning_brings_the_student_to_the_teacher(model, dataset, histories):
    shape = {"width": 8, "blocks": 1, "feed_forward": 1, "batch_size": 32, "positions": 4}
    before = distill(model, dataset.sequences, StudentConfig(steps=1, **shape))
    after = distill(model, dataset.sequences, StudentConfig(steps=250, **shape))
    assert divergence(model, after, histories) < 0.6 * divergence(model, before, histories)
    assert after.count_params() < 0.6 * model.count_params()


@pytest.mark.slow
def test_the_students_memory_is_the_most_telling_of_the_teachers(model, dataset):
    student = distill(model, dataset.sequences, StudentConfig(width=8, steps=1, batch_size=4, memory_average=2))
    counts, whole = student.transitions.counts.numpy(), model.transitions.counts.numpy()
    assert np.count_nonzero(counts) == 2 * model.items.rows < np.count_nonzero(whole)
    assert (np.diff((counts > 0).astype(int), axis=1) <= 0).all(), "no gaps: a variant may cut the end of a row"
    known = {
        (row, int(item)): count
        for row, (items, values) in enumerate(zip(model.transitions.neighbours.numpy(), whole, strict=True))
        for item, count in zip(items, values, strict=True)
    }
    for row, place in zip(*np.nonzero(counts), strict=True):
        assert known[row, int(student.transitions.neighbours.numpy()[row, place])] == counts[row, place]


def test_scores_after_an_event_are_those_of_the_history_up_to_it(model, histories):
    """Positions count from the newest event in this model, so the last column alone stands as it would on a phone."""
    columns = np.array([[11, 11]] * 3, np.int32)
    found = scores_after(model, History(histories.items[:3]), tf.constant(columns)).numpy()
    np.testing.assert_allclose(found[::2], model.score_all(History(histories.items[:3])).numpy()[:, 1:], atol=1e-5)
    np.testing.assert_allclose(found[::2], found[1::2], rtol=1e-5)  # rows of one product may be rounded differently


def test_the_memory_is_read_up_to_the_event(model, histories, dataset):
    """What the memory adds after the fourth newest event is what it adds to the history that ends there."""
    from recsys.models.sasrec import build_model

    no_positions = build_model(model.config.model_copy(update={"positions": "none"}), model.items.rows)
    for variable, known in zip(
        no_positions.variables, [v for v in model.variables if "position" not in v.name], strict=True
    ):
        variable.assign(known)
    shorter = History(np.pad(histories.items[:, :-3], [[0, 0], [3, 0]]))
    columns = np.full((len(histories.items), 1), 8, np.int32)
    found = scores_after(no_positions, histories, tf.constant(columns)).numpy()
    np.testing.assert_allclose(found, no_positions.score_all(shorter).numpy()[:, 1:], atol=1e-4)


@pytest.mark.slow
def test_an_adapted_student_has_the_table_it_is_given(model, dataset, histories):
    shape = {"width": 8, "batch_size": 16, "positions": 4}
    student = distill(model, dataset.sequences, StudentConfig(steps=90, **shape))
    table = np.round(student.items.vectors() * 2) / 2
    rough = adapt(student, model, dataset.sequences, StudentConfig(steps=3, **shape), table=table)
    adapted = adapt(student, model, dataset.sequences, StudentConfig(steps=300, **shape), table=table)
    np.testing.assert_array_equal(adapted.items.vectors(), table)
    assert divergence(model, adapted, histories) < divergence(model, rough, histories)
    assert not np.array_equal(student.items.vectors(), table), "the student that was given stays as it was"


@pytest.mark.parametrize(
    ("name", "base", "depth", "of_student"),
    [
        ("int8", "int8", 16, False),
        ("float32", "float32", None, False),
        ("float32-m3", "float32", 3, False),
        ("student-pq-m0", "pq", 0, True),
        ("student-int4", "int4", 16, True),
    ],
)
def test_names_say_what_a_variant_is(name, base, depth, of_student):
    variant = Variant.parse(name, 16)
    assert (variant.base, variant.depth, variant.of_student) == (base, depth, of_student)


def test_rows_of_one_centroid_learn_as_one(model, dataset):
    """Rows that chose the same centroid for a part stay the same there, and all of them have moved."""
    shape = {"width": 8, "batch_size": 8, "positions": 4}
    student = distill(model, dataset.sequences, StudentConfig(steps=1, **shape))
    choices = (np.arange(model.items.rows)[:, None] % np.array([[3, 5]])).astype(np.uint8)
    centroids = np.random.default_rng(6).normal(size=(2, 5, 4)).astype(np.float32)
    table = np.concatenate([centroids[0][choices[:, 0]], centroids[1][choices[:, 1]]], 1)
    adapted = adapt(student, model, dataset.sequences, StudentConfig(steps=9, **shape), table=table, choices=choices)
    found = adapted.items.vectors()
    for part, width in enumerate((slice(0, 4), slice(4, 8))):
        for choice in np.unique(choices[:, part]):
            same = found[choices[:, part] == choice, width]
            np.testing.assert_allclose(same, np.broadcast_to(same[:1], same.shape), atol=1e-6)
    assert (np.abs(found - table) > 1e-5).all()


def test_a_student_imitates_the_teacher_it_is_given(model, dataset):
    """Another model's table is all zeros, so is what a student of it begins with; and it may lack a memory."""
    from recsys.config.export import ExportConfig
    from recsys.export.exporter import Exporter
    from recsys.models.sasrec import build_model

    other = build_model(model.config.model_copy(update={"memory": None}), model.items.rows)
    other.items.assign(other.items.vectors() * 0.0)
    config = ExportConfig(candidates=20, student={"width": 8, "steps": 1, "batch_size": 2, "learning_rate": 1e-9})
    taught = Exporter(model, dataset, config, "r" * 32, filter_seen=True, teacher=other).student
    assert taught.memory is None
    np.testing.assert_allclose(taught.items.vectors(), 0.0, atol=1e-6)
    own = Exporter(model, dataset, config, "r" * 32, filter_seen=True).student
    assert own.memory is not None
    assert np.abs(own.items.vectors()).max() > 0.01
