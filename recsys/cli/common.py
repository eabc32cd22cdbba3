"""Arguments that several commands share."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.config.tracking import TrackingConfig


def add_work_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--work-dir", type=Path, default=Path("work"), help="where artefacts, caches and mlflow.db lie (default: work)"
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """``CONFIG``, ``--set``, ``--work-dir`` and ``--overwrite``."""
    parser.add_argument("config", metavar="CONFIG", type=Path, help="a recipe, for example configs/movielens-100k.yaml")
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override one config key, for example training.epochs=20 (repeatable)",
    )
    add_work_dir(parser)
    parser.add_argument("--overwrite", action="store_true", help="make the artefacts again even when they are there")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, for programs")


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--work-dir``, ``--tracking-uri`` and ``--experiment``: which MLflow store, read by ``tracking_of``."""
    add_work_dir(parser)
    parser.add_argument(
        "--tracking-uri", metavar="URI", help="MLflow's store (default: mlflow.db in the work directory)"
    )
    parser.add_argument("--experiment", default="recsys", help="what runs are filed under (default: recsys)")


def tracking_of(args: argparse.Namespace) -> "TrackingConfig":
    """The store that ``add_store``'s arguments name."""
    from recsys.config.tracking import TrackingConfig

    return TrackingConfig(uri=args.tracking_uri, experiment=args.experiment)


def seeds(text: str) -> list[int]:
    """``1,2,3`` to a list; argparse reports what is not."""
    values = [int(part) for part in text.split(",")]
    if len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"{text!r}: a seed stands twice")
    return values


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, sort_keys=True, allow_nan=False)
    sys.stdout.write("\n")
