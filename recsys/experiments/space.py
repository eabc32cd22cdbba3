"""What a sweep searches: config keys and the values they may take.

``model.width=32,64`` is a choice, ``training.epochs=10..50`` a range of whole numbers, ``model.dropout=0.0..0.5``
one of real numbers, ``training.learning_rate=1e-4..1e-2:log`` one that is even in its logarithm.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recsys.config import Config, apply_override, parse_config
from recsys.core.errors import ConfigError

if TYPE_CHECKING:
    import optuna

# Runs that differ in these are not measured alike; a seed is no setting to be chosen.
_NOT_COMPARABLE = ("data.", "prepare.", "evaluation.", "training.refit")
_NOT_SEARCHED = ("training.seed", "tracking.")


Point = dict[str, str | int | float]  # a value for each key, as Optuna takes it


@dataclass(frozen=True)
class Choice:
    """One of several values, each as it is written in YAML."""

    key: str
    values: tuple[str, ...]

    @property
    def size(self) -> float:
        """How many values there are."""
        return len(set(self.values))

    def suggest(self, trial: "optuna.Trial") -> str:
        return str(trial.suggest_categorical(self.key, self.values))

    def draw(self, rng: np.random.Generator) -> str:
        return self.values[int(rng.integers(len(self.values)))]

    def distribution(self) -> "optuna.distributions.BaseDistribution":
        import optuna

        return optuna.distributions.CategoricalDistribution(self.values)

    def read(self, value: str) -> str:
        """The value of a trial as Optuna has it."""
        return value


@dataclass(frozen=True)
class Range:
    """A number between ``low`` and ``high``, both included."""

    key: str
    low: float
    high: float
    whole: bool
    log: bool

    @property
    def size(self) -> float:
        """How many values there are."""
        return self.high - self.low + 1 if self.whole else math.inf

    def suggest(self, trial: "optuna.Trial") -> str:
        if self.whole:
            return str(trial.suggest_int(self.key, int(self.low), int(self.high), log=self.log))
        return repr(trial.suggest_float(self.key, self.low, self.high, log=self.log))

    def draw(self, rng: np.random.Generator) -> int | float:
        high = self.high + 1 if self.whole else self.high
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(high))) if self.log else rng.uniform(self.low, high)
        return min(math.floor(drawn), int(self.high)) if self.whole else min(max(drawn, self.low), self.high)

    def distribution(self) -> "optuna.distributions.BaseDistribution":
        import optuna

        if self.whole:
            return optuna.distributions.IntDistribution(int(self.low), int(self.high), log=self.log)
        return optuna.distributions.FloatDistribution(self.low, self.high, log=self.log)

    def read(self, value: str) -> int | float:
        """The value of a trial as Optuna has it."""
        return int(value) if self.whole else float(value)


Dimension = Choice | Range


def parse_dimension(text: str) -> Dimension:
    """Read ``KEY=VALUES``; see the module for the forms.

    >>> parse_dimension("model.width=32,64")
    Choice(key='model.width', values=('32', '64'))
    >>> parse_dimension("training.learning_rate=1e-4..1e-2:log")
    Range(key='training.learning_rate', low=0.0001, high=0.01, whole=False, log=True)

    Raises:
        ConfigError: none of the forms, or a range that is empty or cannot be logarithmic.
    """
    key, equals, values = text.partition("=")
    if not key or not equals or not values:
        raise ConfigError(f"--param {text!r}: expected KEY=A,B,C or KEY=LOW..HIGH or KEY=LOW..HIGH:log")
    span = re.fullmatch(r"([^,:]+?)\.\.([^,:]+?)(:log)?", values)
    if span is None:
        return Choice(key, tuple(part.strip() for part in values.split(",")))
    try:
        low, high = float(span[1]), float(span[2])
    except ValueError:
        raise ConfigError(f"--param {text!r}: the ends of a range must be numbers") from None
    if not low < high or (span[3] and low <= 0):
        raise ConfigError(f"--param {text!r}: a range goes up, and a logarithmic one starts above 0")
    whole = all(re.fullmatch(r"[+-]?\d+", end) for end in (span[1], span[2]))
    return Range(key, low, high, whole, bool(span[3]))


def check_space(space: Sequence[Dimension], config: Config, *, mixed: bool = False) -> None:
    """Refuse keys that the config does not have, that stand twice, or that make trials incomparable.

    Raises:
        ConfigError: with the reason.
    """
    keys = [dimension.key for dimension in space]
    if not keys:
        raise ConfigError("nothing to search: name at least one --param KEY=VALUES")
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"--param {key}: stands twice")
        if key.startswith(_NOT_SEARCHED):
            raise ConfigError(f"--param {key}: is not searched; --seeds repeats each trial")
        if not (is_comparable(key) or mixed):
            raise ConfigError(
                f"--param {key}: trials that differ in it are not measured alike; --mixed searches it all the same"
            )
    for dimension in space:
        first = dimension.values[0] if isinstance(dimension, Choice) else _end(dimension)
        with_values(config, {dimension.key: first})


def is_comparable(key: str) -> bool:
    """Whether runs that differ in ``key`` are measured on the same data in the same way."""
    return not f"{key}.".startswith(_NOT_COMPARABLE)


def random_points(space: Sequence[Dimension], count: int, seed: int) -> list[Point]:
    """``count`` distinct points, or all that there are; with a larger count the same ones come first."""
    rng = np.random.default_rng(seed)
    wanted = min(count, math.prod(dimension.size for dimension in space))
    found: list[Point] = []
    while len(found) < wanted:
        point: Point = {dimension.key: dimension.draw(rng) for dimension in space}
        if point not in found:
            found.append(point)
    return found


def grid(space: Sequence[Dimension]) -> Iterator[Point]:
    """Every combination of the choices.

    Raises:
        ConfigError: a dimension is a range.
    """
    for dimension in space:
        if isinstance(dimension, Range):
            raise ConfigError(f"--param {dimension.key}: a grid needs its values one by one, not a range")
    choices = [dimension for dimension in space if isinstance(dimension, Choice)]
    for values in itertools.product(*(choice.values for choice in choices)):
        yield dict(zip((choice.key for choice in choices), values, strict=True))


def with_values(config: Config, values: dict[str, str]) -> Config:
    """``config`` with the given keys set.

    Raises:
        ConfigError: an unknown key, a bad value, or values that do not go together.
    """
    nested = config.to_json()
    for key, value in values.items():
        apply_override(nested, f"{key}={value}")
    return parse_config(nested, ", ".join(f"{key}={value}" for key, value in values.items()))


def _end(dimension: Range) -> str:
    return str(int(dimension.low)) if dimension.whole else repr(dimension.low)
