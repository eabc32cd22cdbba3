"""Which bundles are shown, and which of them nothing beats."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from recsys.experiments.front import BundleMetrics, bundles_of, front
from recsys.experiments.group import Group
from tests.experiments.test_comparison import stored

SMALL = st.integers(1, 5)


def bundle(name: str, size: float, milliseconds: float, **quality: float) -> BundleMetrics:
    group = Group("a", (stored(),))
    return BundleMetrics(group, group.runs[0], name, size, milliseconds, quality)


def exported(seed: int, validation: float, **variants: tuple[float, float]) -> Group:
    """A run whose bundles have quality on validation and on test."""
    run = stored(seed=seed, best__ndcg_at_10=validation)
    for name, (chosen_by, reported) in variants.items():
        facts = {"bytes": 100.0, "median_ms": 1.0, "validation/ndcg@10": chosen_by, "test/ndcg@10": reported}
        run.metrics.update({f"bundle/{name}/{key}": value for key, value in facts.items()})
    return Group("a", (run,))


@given(st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1, max_size=8))
def test_the_front_holds_exactly_what_nothing_beats(points: list[tuple[int, int, int]]) -> None:
    bundles = [bundle(str(n), size, ms, validation=quality) for n, (size, ms, quality) in enumerate(points)]
    found = {(one.bytes, one.milliseconds, one.quality["validation"]) for one in front(bundles)}
    for one, other in itertools.product(found, points):
        assert not (other[0] <= one[0] and other[1] <= one[1] and other[2] >= one[2] and other != one)
    for point in set(points) - found:
        assert any(o[0] <= point[0] and o[1] <= point[1] and o[2] >= point[2] for o in found)


def test_validation_decides_whatever_the_test_says() -> None:
    good, lucky = bundle("good", 10, 1, validation=0.5, test=0.1), bundle("lucky", 10, 1, validation=0.4, test=0.9)
    assert front([good, lucky]) == [good]


def test_one_exported_seed_stands_for_its_config_the_best_on_validation() -> None:
    """Three seeds exported beside one: no mean of three beside one seed, and test chooses nothing."""
    seeds = [(1, 0.3, 0.9), (2, 0.5, 0.4), (3, 0.4, 0.8)]
    runs = [exported(seed, best, int8=(best, test)).runs[0] for seed, best, test in seeds]
    runs.append(stored(seed=4, best__ndcg_at_10=0.6))  # better, but nobody exported it
    (shown,) = bundles_of([Group("a", tuple(runs))], "ndcg@10")
    assert (shown.run.seed, shown.quality) == (2, {"validation": 0.5, "test": 0.4})


def test_a_bundle_that_was_not_measured_by_the_metric_is_left_out() -> None:
    assert bundles_of([exported(1, 0.3, int8=(0.3, 0.2))], "hr@10") == []
