"""Ablations: what an arm sets, and that validation orders what test reports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.core.errors import ConfigError
from recsys.experiments.ablation import RECIPE, ablate, arms
from tests.experiments.runs import seal_run

CONFIG = parse_config(
    {"data": {"path": "log.csv"}, "model": {"blocks": 2, "dropout": 0.3}, "training": {"label_smoothing": 0.1}}
)


@pytest.mark.parametrize(
    ("drop", "name", "off"),
    [
        ("model.memory", "model.memory=null", {"memory": None}),
        ("model.dropout", "model.dropout=0", {"dropout": 0.0}),
        ("model.blocks", "model.blocks=4", {"blocks": 4}),  # no value is off: the default
        ("model.join=residual", "model.join=residual", {"join": "residual"}),
    ],
)
def test_an_arm_differs_in_what_is_dropped_alone(drop: str, name: str, off: dict[str, object]) -> None:
    arm = CONFIG.model_copy(update={"model": CONFIG.model.model_copy(update=off)})
    assert arms(CONFIG, [drop]) == {RECIPE: CONFIG, name: arm}


def test_switches_go_off_and_sections_to_their_defaults() -> None:
    _, switch, section = arms(
        parse_config({"data": {"path": "log.csv"}, "training": {"augmentation": {"crop": 0.5}}}),
        ["training.negatives.exclude_seen", "training.augmentation"],
    ).values()
    assert switch.training.negatives.exclude_seen is False
    assert section.training.augmentation.crop == 0


@pytest.mark.parametrize(
    ("drops", "reason"),
    [
        ([], "name at least one --drop"),
        (["model.memry"], "no such setting in this recipe; known here: max_length"),
        (["model.width.x"], "no such setting"),
        (["training.seed"], "no piece of the model"),
        (["training.refit=true"], "runs measured alike"),
        (["prepare.k_core=1"], "runs measured alike"),
        (["evaluation"], "runs measured alike"),
        (["model.join"], "is the recipe itself; name the value to set instead"),
        (["model.blocks=0"], "greater than or equal to 1"),
        (["model.blocks=1", "model.blocks=1"], "is model.blocks=1 itself"),
    ],
)
def test_what_is_no_arm_is_refused_before_anything_is_trained(drops: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        ablate(CONFIG, drops, lambda config: pytest.fail("trained"), lambda run: pytest.fail("read"))


@pytest.fixture
def make_runs(tmp_path: Path) -> Callable[[Config], list[Run]]:
    """Two seeds a config; without a memory the runs are worse on validation and better on test."""

    def make(config: Config) -> list[Run]:
        validation, hits = (0.4, 10) if config.model.memory else (0.3, 20)
        return [
            seal_run(
                tmp_path,
                config,
                seed=seed,
                validation=validation,
                ranks=[1.0] * (hits + seed) + [99.0] * (30 - hits - seed),
            )
            for seed in (1, 2)
        ]

    return make


def test_validation_orders_and_chooses_and_test_is_reported(make_runs: Callable[[Config], list[Run]]) -> None:
    found = ablate(CONFIG, ["model.memory", "model.blocks=1"], make_runs, lambda run: pytest.fail("has been read"))
    assert list(found.arms) == [RECIPE, "model.memory=null", "model.blocks=1"]
    assert found.chosen == RECIPE
    without = found.arms["model.memory=null"]
    assert found.comparison.groups[-1] == without, "worst on validation, and best on test"
    assert without.seeds == [1, 2]
    reported = without.estimate("test/ndcg@10")
    assert reported is not None
    assert reported.mean == pytest.approx((21 / 30 + 22 / 30) / 2)  # first in the list, or not in it
    test = found.comparison.against[without.key]
    assert (test.difference, test.users) == (pytest.approx(10 / 30), 30)
