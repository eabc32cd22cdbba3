"""What each piece of a recipe brings: the recipe beside itself with one setting off at a time."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.base import Section
from recsys.core.errors import ConfigError
from recsys.experiments.comparison import Comparison, compare
from recsys.experiments.group import Group, metric_key
from recsys.experiments.measured_run import MeasuredRun, measure
from recsys.experiments.pairing import pair_with
from recsys.experiments.ranks import read_ranks
from recsys.experiments.space import is_comparable, with_values

RECIPE = "the recipe"
_NO_PIECE = ("training.seed", "export", "tracking")


@dataclass(frozen=True)
class Ablation:
    """Arms that were trained, the recipe first, then in the order in which they were asked for.

    Attributes:
        arms: each arm's name and its runs, one a seed.
        comparison: the same runs, each arm tested against the recipe, paired over users of the test split.
    """

    arms: dict[str, Group]
    comparison: Comparison

    @property
    def chosen(self) -> str:
        """The arm that is best on validation, the recipe where none is better; test has no say."""
        key = metric_key("validation", self.comparison.metric)
        reached = {name: estimate.mean for name, group in self.arms.items() if (estimate := group.estimate(key))}
        return max(reached, key=lambda name: reached[name])


def arms(config: Config, drops: Sequence[str]) -> dict[str, Config]:
    """The recipe, and an arm for each of ``drops``, named ``KEY=VALUE``; ``KEY`` alone turns the setting off.

    Off is null where the setting may be null, false for a switch, 0 for a number that may be 0, and the default for
    anything else.

    Raises:
        ConfigError: no drops, a key that is unknown or no part of a recipe, a value that cannot be, a setting without
            an off value, or one that is off already.
    """
    if not drops:
        raise ConfigError("nothing to ablate: name at least one --drop KEY or KEY=VALUE")
    found = {RECIPE: config}
    for drop in drops:
        key, equals, text = drop.partition("=")
        if not is_comparable(key) or key.startswith(_NO_PIECE):
            raise ConfigError(f"--drop {key}: no piece of the model or its training that runs measured alike differ in")
        value = text if equals else json.dumps(_off_value(config, key))
        name, arm = f"{key}={value.strip(chr(34))}", with_values(config, {key: value})
        same = next((other for other, known in found.items() if known == arm), None)
        if same is not None:
            other = "" if equals else "; name the value to set instead, KEY=VALUE"
            raise ConfigError(f"--drop {drop}: sets {name}, which is {same} itself{other}")
        found[name] = arm
    return found


def ablate(
    config: Config,
    drops: Sequence[str],
    make_runs: Callable[[Config], Sequence[Run]],
    read_test: Callable[[Run], None],
) -> Ablation:
    """Train every arm, then read the test of all and hold each against the recipe.

    Args:
        make_runs: trains a config once a seed, or finds the runs that are there; the test need not be read.
        read_test: reads the test of a run.

    Raises:
        ConfigError: as ``arms``.
    """
    runs = {name: make_runs(arm) for name, arm in arms(config, drops).items()}
    for run in (run for of_arm in runs.values() for run in of_arm if not run.is_test_read):
        read_test(run)
    trained = {name: [measure(run) for run in of_arm] for name, of_arm in runs.items()}
    compared = compare([run for runs in trained.values() for run in runs])
    paired = pair_with(compared, trained[RECIPE][0].run_id, _test_ranks)
    groups = {run.run_id: group for group in paired.groups for run in group.runs}
    return Ablation({name: groups[runs[0].run_id] for name, runs in trained.items()}, paired)


def _test_ranks(run: MeasuredRun, baseline: str | None) -> Any:
    return read_ranks(Run(run.artifacts).measured.ranks_file, "test")


def _off_value(config: Config, key: str) -> Any:
    """What turns a setting off.

    Raises:
        ConfigError: there is no such setting, or the section it lies in is null.
    """
    section: Any = config
    *path, last = key.split(".")
    for part in path:
        section = getattr(section, part, None)
    if not isinstance(section, Section) or last not in type(section).model_fields:
        known = f"; known here: {', '.join(type(section).model_fields)}" if isinstance(section, Section) else ""
        raise ConfigError(f"--drop {key}: no such setting in this recipe{known}")
    declared = type(section).model_json_schema()["properties"][last]
    if {"type": "null"} in declared.get("anyOf", ()):
        return None
    if declared.get("type") == "boolean":
        return False
    if declared.get("minimum") == 0:
        return 0
    default = type(section).model_fields[last].get_default(call_default_factory=True)
    return default.model_dump(mode="json") if isinstance(default, Section) else default
