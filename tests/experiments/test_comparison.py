"""Comparison of runs: groups over seeds, refusals, paired tests, Pareto fronts."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.evaluation.metrics import ndcg
from recsys.experiments.comparison import compare, pair_with
from recsys.experiments.measured_run import MeasuredRun


def stored(
    name: str = "toy",
    *,
    config: str = "a",
    seed: int = 1,
    dataset: str = "d",
    protocol: str = "leave_one_out",
    parameters=None,
    **metrics,
) -> MeasuredRun:
    digest = f"{config}{seed}".ljust(32, "0")
    about = {
        "data.name": "None",
        "data.path": "log.csv",
        "evaluation.filter_seen": "True",
        "training.seed": str(seed),
        "model.width": "64",
        **(parameters or {}),
    }
    return MeasuredRun(
        run_id=f"id-{digest}",
        name=name,
        digest=digest,
        config_digest=config * 32,
        dataset_digest=dataset,
        protocol=protocol,
        seed=seed,
        data="log",
        parameters=about,
        metrics={key.replace("_at_", "@").replace("__", "/"): value for key, value in metrics.items()},
    )


def test_seeds_of_one_config_are_one_group():
    """.3 and .5: mean .4, deviation .1414, interval .4 ± 12.706 · .1 (Student's t, one degree of freedom)."""
    runs = [stored(seed=1, test__ndcg_at_10=0.3), stored(seed=2, test__ndcg_at_10=0.5)]
    (group,) = compare(runs).groups
    estimate = group.estimate("test/ndcg@10")
    assert group.seeds == [1, 2]
    assert estimate.mean == pytest.approx(0.4)
    assert estimate.std == pytest.approx(0.1 * 2**0.5)
    assert estimate.interval.high == pytest.approx(0.4 + 12.7062 * 0.1, abs=1e-4)


def test_groups_come_best_on_validation_first_whatever_the_test_says():
    figures = {"a": (0.3, 0.9), "b": (0.5, 0.1), "c": (0.4, 0.5)}
    runs = [stored(config=name, best__ndcg_at_10=best, test__ndcg_at_10=test) for name, (best, test) in figures.items()]
    for split in ("test", "validation"):
        assert [group.runs[0] for group in compare(runs, split=split).groups] == [runs[1], runs[2], runs[0]]


def test_only_what_differs_is_shown():
    runs = [
        stored(config="a", parameters={"model.width": "32", "tracking.uri": "x"}, test__ndcg_at_10=0.3),
        stored(config="b", parameters={"model.width": "64", "model.memory.window": "3"}, test__ndcg_at_10=0.4),
    ]
    comparison = compare(runs)
    assert comparison.differing == ["model.memory.window", "model.width"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"dataset": "e"}, "differ in dataset:\n  d: 1 runs, for example toy .*\n  e: 1 runs"),
        ({"protocol": "leave_one_out+refit"}, "differ in protocol:\n  leave_one_out: 1 runs"),
        ({"parameters": {"evaluation.filter_seen": "False"}}, "differ in evaluation.filter_seen"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(other, reason):
    runs = [stored(test__ndcg_at_10=0.3), stored(config="b", test__ndcg_at_10=0.4, **other)]
    with pytest.raises(ConfigError, match=reason):
        compare(runs)
    assert len(compare(runs, mixed=True).groups) == 2


def test_seeds_on_different_data_are_never_one_group_even_when_mixed():
    runs = [stored(seed=1, test__ndcg_at_10=0.3), stored(seed=2, dataset="e", test__ndcg_at_10=0.5)]
    assert len(compare(runs, mixed=True).groups) == 2


def test_nothing_to_compare_and_an_unknown_metric_say_what_to_do():
    with pytest.raises(ConfigError, match="recsys train"):
        compare([])
    with pytest.raises(ConfigError, match=r"'ndcg@11' on the test split; known: ndcg@10"):
        compare([stored(test__ndcg_at_10=0.3)], metric="ndcg@11")


def table(ranks, users=None) -> pa.Table:
    users = users or [f"u{number}" for number in range(len(ranks))]
    return pa.table({"user_id": users, "target": [1] * len(ranks), "rank": ranks})


def test_pairs_average_over_seeds_first():
    """Control ranks (1, 2), treated seeds (2, 2) and (1, 20): per-user differences by hand."""
    control = stored(config="a", test__ndcg_at_10=0.5)
    treated = [stored(config="b", seed=seed, test__ndcg_at_10=0.5) for seed in (1, 2)]
    ranks = [[1.0, 2.0], [2.0, 2.0], [1.0, 20.0]]
    by_id = {run.run_id: table(values) for run, values in zip([control, *treated], ranks, strict=True)}
    comparison = pair_with(compare([control, *treated]), control.run_id, lambda run: by_id[run.run_id])
    (test,) = comparison.against.values()
    second = float(ndcg(np.array([2.0]), 10)[0])
    assert test.difference == pytest.approx(((second + 1) / 2 - 1 + (second + 0) / 2 - second) / 2)
    assert test.users == 2


def test_other_users_cannot_be_paired():
    runs = [stored(config="a", test__ndcg_at_10=0.3), stored(config="b", test__ndcg_at_10=0.4)]
    tables = {runs[0].run_id: table([1.0, 2.0]), runs[1].run_id: table([1.0, 2.0], ["u0", "someone"])}
    with pytest.raises(DataError, match="not the same users"):
        pair_with(compare(runs), runs[0].run_id, lambda run: tables[run.run_id])


def test_an_unclear_baseline_names_the_groups():
    runs = [stored(config=config, test__ndcg_at_10=0.3) for config in "ab"]
    for word, found in (("toy", "2 configs have runs by that name"), ("nothing", "no run by that name")):
        with pytest.raises(ConfigError, match=f"{found}; there are: toy-aaaaaa, toy-bbbbbb"):
            pair_with(compare(runs), word, lambda run: table([1.0]))


def test_a_run_directory_names_its_run():
    one, other = (stored(config=config, test__ndcg_at_10=0.3) for config in "ab")
    for word in (f"work/runs/{one.digest}", f"/anywhere/runs/{one.digest}/", one.digest[:6], "toy", one.run_id):
        assert one.matches(word)
    assert not other.matches(f"work/runs/{one.digest}")
    assert not one.matches(f"runs/{one.digest[:5]}")
    assert not one.matches("work/runs/")


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=8))
def test_the_front_holds_exactly_what_nothing_beats(points):
    metrics = {}
    for number, (size, latency, quality) in enumerate(points):
        metrics |= {
            f"bundle/v{number}/bytes": size,
            f"bundle/v{number}/median_ms": latency,
            f"bundle/v{number}/ndcg@10": quality,
        }
    run = stored(test__ndcg_at_10=0.3)
    run.metrics.update(metrics)
    front = {(v.bytes, v.milliseconds, v.quality) for v in compare([run]).pareto}
    for one, other in itertools.product(front, points):
        assert not (other[0] <= one[0] and other[1] <= one[1] and other[2] >= one[2] and other != one)
    for point in set(points) - front:
        assert any(o[0] <= point[0] and o[1] <= point[1] and o[2] >= point[2] for o in front)
