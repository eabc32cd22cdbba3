"""A run as comparing sees it: what it is, and what was measured of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from recsys.artifacts.run import Run
from recsys.config.data import data_name
from recsys.core.errors import ConfigError


@dataclass(frozen=True)
class MeasuredRun:
    """One complete run, wherever it is kept.

    Attributes:
        run_id: what the store calls it.
        digest: of the run; ``config_digest`` is what runs share that differ in nothing but the seed.
        data: what people call the data that it was trained on.
        parameters: the config with dotted keys.
        metrics: last values by the field's names, ``test/ndcg@10``.
        is_trial: whether a sweep trained it.
        artifacts: the address below which its files lie.
        tags: what else the store keeps of it.
    """

    run_id: str
    name: str
    digest: str
    config_digest: str
    dataset_digest: str
    protocol: str
    seed: int
    data: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    is_trial: bool = False
    artifacts: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name and the beginning of its config's digest: what tables of groups call it."""
        return f"{self.name}-{self.config_digest[:6]}"

    @property
    def config_label(self) -> str:
        """The data's name and the beginning of its config's digest: what tables call runs that differ in their seed."""
        return f"{self.data}-{self.config_digest[:6]}"

    def matches(self, word: str) -> bool:
        """``word`` is its id, its name or a label, its directory, or how its digest begins (6 digits or more)."""
        digits = PurePath(word).name  # a run directory is named by its digest
        return word in (self.run_id, self.name, self.label, self.config_label) or (
            len(digits) >= 6 and self.digest.startswith(digits)
        )


def measure(run: Run) -> MeasuredRun:
    """A finished run as its directory has it: its id is its digest, its artifacts lie in the directory itself."""
    manifest, config = run.manifest, run.config
    return MeasuredRun(
        run_id=run.digest,
        name=manifest.name,
        digest=run.digest,
        config_digest=manifest.config_digest,
        dataset_digest=manifest.dataset_digest,
        protocol=manifest.protocol,
        seed=manifest.seed,
        data=data_name(config["data"]["name"], config["data"]["path"]),
        parameters={".".join(path): str(value) for path, value in leaves(config)},
        metrics=dict(numbers(reached(run.measured.metrics))),
        artifacts=str(run.path),
    )


def reached(metrics: dict[str, Any]) -> dict[str, Any]:
    """The figures of a ``metrics.json`` in the groups that the names of a ``MeasuredRun``'s metrics begin with."""
    groups = {"test": "model", "best": "validation", "baseline": "baselines", "segment": "segments"}
    return {group: metrics.get(name, {}) for group, name in groups.items()}


def numbers(values: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers in nested objects, by their path: ``{"a": {"b": 1}}`` gives ``("a/b", 1.0)``."""
    for path, value in leaves(values):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield "/".join(path), float(value)


def leaves(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values of nested objects, each by its path: ``{"a": {"b": 1}}`` gives ``(("a", "b"), 1)``."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from (((key, *path), leaf) for path, leaf in leaves(value))
        else:
            yield (key,), value


def select(runs: Sequence[MeasuredRun], words: Sequence[str]) -> list[MeasuredRun]:
    """The runs that match any of ``words``; all of them when there are no words.

    Raises:
        ConfigError: no run matches a word.
    """
    for word in words:
        if not any(run.matches(word) for run in runs):
            known = ", ".join(sorted({run.name for run in runs})) or "none"
            raise ConfigError(
                f"{word!r}: no complete run has this MLflow id, name, directory or digest (6 digits or more); "
                f"names here: {known}"
            )
    return [run for run in runs if not words or any(run.matches(word) for word in words)]
