"""A student comes to score as its teacher does."""

import numpy as np
import pytest

from recsys.config.export import StudentConfig
from recsys.export.distill import distil
from recsys.export.variants import Variant


def divergence(teacher, student, histories):
    """Mean Kullback-Leibler divergence over the catalogue, by hand: sum p log(p / q)."""

    def probabilities(model):
        scores = model.score_all(histories).numpy()[:, 1:].astype(np.float64)
        exponents = np.exp(scores - scores.max(1, keepdims=True))
        return exponents / exponents.sum(1, keepdims=True)

    p, q = probabilities(teacher), probabilities(student)
    return float((p * np.log(p / q)).sum(1).mean())


@pytest.fixture(scope="module")
def histories(dataset, model):
    users, positions = dataset.sequences.targets("test")
    return dataset.sequences.histories(users, positions, model.config.max_length)


@pytest.mark.slow
def test_learning_brings_the_student_to_the_teacher(model, dataset, histories):
    shape = {"width": 8, "blocks": 1, "feed_forward": 1, "batch_size": 32}
    before = distil(model, dataset.sequences, StudentConfig(steps=1, **shape))
    after = distil(model, dataset.sequences, StudentConfig(steps=250, **shape))
    assert divergence(model, after, histories) < 0.6 * divergence(model, before, histories)
    assert after.count_params() < 0.6 * model.count_params()


@pytest.mark.slow
def test_the_students_memory_is_the_teachers(model, dataset):
    student = distil(model, dataset.sequences, StudentConfig(width=8, steps=1, batch_size=4))
    np.testing.assert_array_equal(student.memory.neighbours.numpy(), model.memory.neighbours.numpy())
    np.testing.assert_array_equal(student.memory.counts.numpy(), model.memory.counts.numpy())


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
