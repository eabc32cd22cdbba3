"""Arguments that several commands share, and the JSON object that they print."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.core.local_path import local_path, place
from recsys.core.mirror import with_urls

if TYPE_CHECKING:
    from pipelines.runners import Runner
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.outcome import Outcome
    from recsys.cli.results.base import Result
    from recsys.config import Config
    from recsys.config.tracking import TrackingConfig

UNITS = {"": 1, "b": 1, "kb": 1000, "kib": 1 << 10, "mb": 1000**2, "mib": 1 << 20}


def add_work_dir(parser: argparse.ArgumentParser, *, stores: bool = True) -> None:
    """``--work-dir``; without ``stores`` a directory of this machine alone."""
    parser.add_argument(
        "--work-dir",
        type=where if stores else path,
        default=Path("work"),
        help=f"where artifacts and mlflow.db lie, a directory{' or a URL' if stores else ''} (default: work)",
    )


def add_config(parser: argparse.ArgumentParser, *, overwrite: str) -> None:
    """``CONFIG``, ``--set``, ``--work-dir`` and ``--overwrite``, whose help says what this command makes again."""
    parser.add_argument("config", metavar="CONFIG", type=path, help="a recipe, for example configs/movielens-100k.yaml")
    add_set(parser, "training.epochs=20")
    add_work_dir(parser)
    parser.add_argument("--overwrite", action="store_true", help=overwrite)


def add_set(parser: argparse.ArgumentParser, example: str) -> None:
    """``--set``; ``example`` is a setting that the command reads."""
    about = f"override one config key, for example {example}; of two for one key the last counts"
    add_repeatable(parser, "--set", "overrides", "KEY=VALUE", about)


def add_repeatable(parser: argparse.ArgumentParser, flag: str, dest: str, metavar: str, about: str) -> None:
    """An option that may be given several times: ``args.DEST`` is a list."""
    parser.add_argument(flag, dest=dest, metavar=metavar, action="append", default=[], help=f"{about} (repeatable)")


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """``--dataset``, read by ``dataset_for``."""
    parser.add_argument(
        "--dataset",
        type=where,
        help="use this one, for example a night's made by recsys prepare --extend (default: CONFIG's log is prepared)",
    )


def add_training(parser: argparse.ArgumentParser, *, overwrite: str) -> None:
    """What a command takes that trains one recipe: ``add_config``'s, ``--dataset``, ``--seeds`` and ``--progress``."""
    add_config(parser, overwrite=overwrite)
    add_dataset(parser)
    add_seeds(parser)
    add_progress(parser)


def dataset_for(config: "Config", args: argparse.Namespace, *, overwrite: bool = False) -> "Outcome[Dataset]":
    """The dataset that ``--dataset`` names, or the one that ``config`` describes, made where it is not there yet.

    Raises:
        ConfigError: the one that is named was prepared with other settings than ``config`` has.
    """
    from recsys.artifacts.compatibility import check_trainable
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.outcome import Outcome

    if args.dataset is None:
        from pipelines.prepare import prepare

        return prepare(config, args.work_dir, overwrite=overwrite)
    dataset = Dataset(args.dataset)
    check_trainable(dataset, config)
    return Outcome(dataset, reused=True)


def warn_of_unit(dataset: "Dataset") -> None:
    """Say so where the dataset's times look as if they were read in the wrong unit."""
    from recsys.preparation.diagnostics.advice import unit_warning
    from recsys.terminal import say

    warning = unit_warning(dataset.stats, dataset.manifest.inputs.data["timestamp_unit"])
    if warning:
        say(warning)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, for programs")


def add_progress(parser: argparse.ArgumentParser) -> None:
    """``--progress``, which ``recsys.cli`` reads."""
    about = "how progress is told on standard error; json, for programs, is an object a line"
    parser.add_argument("--progress", choices=("people", "json"), default="people", help=f"{about} (default: people)")


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--work-dir``, ``--tracking-uri`` and ``--experiment``: which MLflow store, read by ``tracking_of``."""
    add_work_dir(parser)
    parser.add_argument(
        "--tracking-uri",
        metavar="URI",
        help="MLflow's store (default: MLFLOW_TRACKING_URI, or mlflow.db in the work directory)",
    )
    parser.add_argument("--experiment", help="what runs are filed under (default: MLFLOW_EXPERIMENT_NAME, or recsys)")


def tracking_of(args: argparse.Namespace) -> "TrackingConfig":
    """The store that ``add_store``'s arguments name."""
    from pydantic import ValidationError

    from recsys.config.tracking import TrackingConfig
    from recsys.core.errors import ConfigError

    try:
        return TrackingConfig(uri=args.tracking_uri, experiment=args.experiment)
    except ValidationError as error:
        raise ConfigError(f"--tracking-uri or --experiment: {error.errors()[0]['msg']}") from None


def store_arguments(tracking: "TrackingConfig") -> list[str]:
    """What ``add_store`` must be given to name the store of ``tracking``; nothing where it is the default."""
    from recsys.config.secrets import without_secrets

    arguments = []
    if tracking.uri is not None:
        arguments += ["--tracking-uri", without_secrets(tracking.uri)]
    if tracking.experiment is not None:
        arguments += ["--experiment", tracking.experiment]
    return arguments


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """``--seeds``: None where it is not given."""
    parser.add_argument(
        "--seeds", type=seeds, help="train once a seed and give means, for example 1,2,3 (default: training.seed)"
    )


def seeds(text: str) -> list[int]:
    """``1,2,3`` to a list; argparse reports what is not.

    >>> seeds("1,2,3")
    [1, 2, 3]
    """
    values = [int(part) for part in text.split(",")]
    if not all(0 <= value < 2**31 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r}: a seed is from 0 to {2**31 - 1}")
    if len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"{text!r}: a seed stands twice")
    return values


def add_runner(parser: argparse.ArgumentParser) -> None:
    """``--workers``, ``--runner`` and ``--beam-option``."""
    parser.add_argument(
        "--workers", type=positive, help="processes of the local runner (default: by the size of the job)"
    )
    parser.add_argument("--runner", default="local", help="a Beam runner's name, for example FlinkRunner")
    parser.add_argument(
        "--beam-option",
        dest="options",
        metavar="OPTION",
        action="append",
        default=[],
        help="an option for Beam, for example --beam-option=--flink_master=localhost:8081 (repeatable)",
    )


def runner_of(args: argparse.Namespace) -> "Runner":
    """The runner that ``add_runner``'s arguments name."""
    from pipelines.runners import Runner

    return Runner(args.runner, args.workers, tuple(args.options), getattr(args, "exchange", None))


def path(text: str) -> Path:
    """A path on this machine, ``~`` filled in; argparse reports a URL."""
    try:
        return local_path(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def where(text: str) -> Path:
    """As ``path``, or a store's URL: where this machine holds a copy of it; argparse reports another URL."""
    try:
        return place(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def fetched(bundle: Path) -> Path:
    """``bundle``, fetched where it lies in a store; or all those in the folder that it names."""
    from recsys.core.errors import ArtifactError
    from recsys.storage.copies import fetch, fetch_below

    if not fetch(bundle):
        for damage in fetch_below(bundle):
            raise ArtifactError(damage)
    return bundle


def positive(text: str) -> int:
    """A whole number from 1; argparse reports what is not."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 or more")
    return value


def size(text: str) -> int:
    """``300KiB`` to bytes; argparse reports what is not.

    >>> size("300KiB"), size("1.5MB")
    (307200, 1500000)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text)
    if match is None or match[2].lower() not in UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write for example 300KiB or 1.5MB")
    return int(float(match[1]) * UNITS[match[2].lower()])


def print_json(result: "Result") -> None:
    json.dump(_with_urls(result.to_json()), sys.stdout, indent=2, sort_keys=True, allow_nan=False)
    sys.stdout.write("\n")


def _with_urls(value: Any) -> Any:
    """``value`` with URLs for the paths of copies."""
    if isinstance(value, dict):
        return {key: _with_urls(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_urls(one) for one in value]
    return with_urls(value) if isinstance(value, str) else value
