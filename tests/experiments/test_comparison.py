"""Comparison of runs: groups over seeds, refusals, paired tests, Pareto fronts."""

import numpy as np
import pyarrow as pa
import pytest

from recsys.core.errors import ConfigError, DataError
from recsys.evaluation.metrics import ndcg
from recsys.experiments.comparison import compare
from recsys.experiments.description import reported_text, settings, shown_metrics
from recsys.experiments.measured_run import MeasuredRun, select
from recsys.experiments.pairing import pair_with


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


@pytest.mark.parametrize("values", [("True", "True"), ("True", "False")])
def test_that_the_time_of_the_request_is_known_is_said_wherever_it_is(values):
    runs = [
        stored(config=config, parameters={"model.request_time": value}, test__ndcg_at_10=0.3, best__ndcg_at_10=0.3)
        for config, value in zip("ab", values, strict=True)
    ]
    comparison = compare(runs)
    said = {group.parameter("model.request_time"): settings(comparison, group) for group in comparison.groups}
    assert said["True"] == ["request_time True"]
    assert said.get("False", ["request_time False"]) == ["request_time False"]


def test_groups_come_best_on_validation_first_whatever_the_test_says():
    figures = {"a": (0.3, 0.9), "b": (0.5, 0.1), "c": (0.4, 0.5)}
    runs = [stored(config=name, best__ndcg_at_10=best, test__ndcg_at_10=test) for name, (best, test) in figures.items()]
    for split in ("test", "validation"):
        assert [group.runs[0] for group in compare(runs, split=split).groups] == [runs[1], runs[2], runs[0]]


def test_settings_are_told_in_digits_that_matter():
    runs = [
        stored(config=config, parameters={"model.dropout": value}, test__ndcg_at_10=0.3)
        for config, value in (("a", "0.17958111022604922"), ("b", "0.3"))
    ]
    comparison = compare(runs)
    assert [settings(comparison, group) for group in comparison.groups] == [["dropout 0.1796"], ["dropout 0.3"]]


def test_a_section_that_is_null_is_one_difference():
    memory = {"model.memory.window": "3", "model.memory.newest": "10"}
    wider = {**memory, "model.memory.window": "5"}
    runs = [
        stored(config=config, parameters=parameters, test__ndcg_at_10=0.3)
        for config, parameters in (("a", memory), ("b", {"model.memory": "None"}), ("c", memory))
    ]
    comparison = compare(runs)
    assert comparison.differing == ["model.memory"]
    assert [settings(comparison, group) for group in comparison.groups] == [["memory"], ["no memory"], ["memory"]]
    runs[2].parameters.update(wider)
    assert compare(runs).differing == ["model.memory", "model.memory.window"]


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
    with pytest.raises(ConfigError, match=r"'ndcg@11'; known: ndcg@10"):
        compare([stored(test__ndcg_at_10=0.3)], metric="ndcg@11")


def test_a_test_that_was_not_read_is_no_figure_and_no_fault():
    read = {"best__ndcg_at_10": 0.3, "test__ndcg_at_10": 0.2, "test__mrr": 0.1}
    runs = [stored(**read), stored(config="b", best__ndcg_at_10=0.4)]
    comparison = compare(runs)
    assert [group.label[-1] for group in comparison.groups] == ["b", "a"], "validation orders them"
    told = [[reported_text(comparison, group, name) for name in ("ndcg@10", "mrr")] for group in comparison.groups]
    assert told == [["not read", "not read"], ["0.2000", "0.1000"]]
    halves = compare([stored(seed=1, **read), stored(seed=2, best__ndcg_at_10=0.4)])
    assert reported_text(halves, halves.groups[0], "ndcg@10") == "not read", "one seed's is not the mean of two"
    nobody = compare(runs[1:])
    assert shown_metrics(nobody) == ["ndcg@10"]
    assert reported_text(nobody, nobody.groups[0], "ndcg@10") == "not read"


def table(ranks, users=None) -> pa.Table:
    users = users or [f"u{number}" for number in range(len(ranks))]
    return pa.table({"user_id": users, "target": [1] * len(ranks), "rank": ranks})


def test_pairs_average_over_seeds_first():
    """Control ranks (1, 2), treated seeds (2, 2) and (1, 20): per-user differences by hand."""
    control = stored(config="a", test__ndcg_at_10=0.5)
    treated = [stored(config="b", seed=seed, test__ndcg_at_10=0.5) for seed in (1, 2)]
    ranks = [[1.0, 2.0], [2.0, 2.0], [1.0, 20.0]]
    by_id = {run.run_id: table(values) for run, values in zip([control, *treated], ranks, strict=True)}
    comparison = pair_with(compare([control, *treated]), control.run_id, lambda run, baseline: by_id[run.run_id])
    (test,) = comparison.against.values()
    second = float(ndcg(np.array([2.0]), 10)[0])
    assert test.difference == pytest.approx(((second + 1) / 2 - 1 + (second + 0) / 2 - second) / 2)
    assert test.users == 2


def test_other_users_cannot_be_paired():
    runs = [stored(config="a", test__ndcg_at_10=0.3), stored(config="b", test__ndcg_at_10=0.4)]
    tables = {runs[0].run_id: table([1.0, 2.0]), runs[1].run_id: table([1.0, 2.0], ["u0", "someone"])}
    with pytest.raises(DataError, match="not the same users"):
        pair_with(compare(runs), runs[0].run_id, lambda run, baseline: tables[run.run_id])


def test_an_unclear_baseline_names_the_groups():
    runs = [stored(config=config, test__ndcg_at_10=0.3) for config in "ab"]
    for word, found in (("toy", "2 configs have runs by that name"), ("nothing", "no run by that name")):
        with pytest.raises(ConfigError, match=f"{found}; there are: toy-aaaaaa, toy-bbbbbb"):
            pair_with(compare(runs), word, lambda run, baseline: table([1.0]))


def test_a_run_directory_names_its_run():
    one, other = (stored(config=config, test__ndcg_at_10=0.3) for config in "ab")
    for word in (f"work/runs/{one.digest}", f"/anywhere/runs/{one.digest}/", one.digest[:6], "toy", one.run_id):
        assert one.matches(word)
    assert not other.matches(f"work/runs/{one.digest}")
    assert not one.matches(f"runs/{one.digest[:5]}")
    assert not one.matches("work/runs/")


def test_what_a_table_calls_seeds_names_each_of_their_runs():
    runs = [stored(seed=seed, name=f"toy-s{seed}", test__ndcg_at_10=0.3) for seed in (1, 2)]
    (group,) = compare(runs).groups
    assert group.label == "log-aaaaaa"
    assert [run.matches(group.label) for run in (*runs, stored(config="b"))] == [True, True, False]
    assert select(runs, [group.label]) == runs


def test_baselines_stand_below_the_groups_and_can_be_tested_against():
    metrics = {"baseline/markov/ndcg@10": 0.2, "baseline/popularity/ndcg@10": 0.6, "test/ndcg@10": 0.5}
    runs = [stored(config=config) for config in "ab"]
    for run in runs:
        run.metrics.update(metrics)
    comparison = compare(runs)
    assert [group.label for group in comparison.rows] == ["toy-aaaaaa", "toy-bbbbbb", "popularity", "markov"]
    assert comparison.rows[-1].estimate("test/ndcg@10").mean == 0.2
    ranks = {None: [1.0, 20.0], "markov": [1.0, 1.0]}
    paired = pair_with(comparison, "markov", lambda run, baseline: table(ranks[baseline]))
    assert paired.baseline.label == "markov"
    assert [paired.against[group.key].difference for group in paired.groups] == [-0.5, -0.5]
    assert set(paired.against) == {group.key for group in paired.groups}


def test_runs_that_were_not_measured_alike_share_no_baselines():
    runs = [stored(test__ndcg_at_10=0.3), stored(config="b", dataset="e", test__ndcg_at_10=0.4)]
    for run in runs:
        run.metrics["baseline/markov/ndcg@10"] = 0.2
    assert compare(runs, mixed=True).rows == compare(runs, mixed=True).groups


def test_a_test_of_single_seeds_is_told_from_one_of_several():
    runs = [stored(config=config, seed=seed, test__ndcg_at_10=0.5) for config in "ab" for seed in (1, 2)]

    def ranks(run, baseline):
        return table([1.0, 2.0])

    assert not pair_with(compare(runs), runs[0].digest, ranks).has_single_seeds
    assert pair_with(compare(runs[:3]), runs[0].digest, ranks).has_single_seeds
    assert not compare(runs[:1]).has_single_seeds, "nothing is tested"
