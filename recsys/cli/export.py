"""Make bundles of a finished run: TFLite models with all that a phone needs to rank.

    recsys export work/runs/DIGEST
    recsys export work/runs/DIGEST --set 'export.variants=[float32, int8, int8-m8, int4, pq]'
    recsys export work/runs/DIGEST --set 'export.variants=[int8, int4, pq]' --budget 300KiB
    recsys export work/runs/DIGEST --items tonight.csv

Every variant is held against the trained model before it is written, and its size, latency and NDCG@10 are measured
through the TFLite model itself. With --budget, the best one within it is named (and its path alone is printed on
standard output). Validation decides what is written and which is best; test is only reported. The settings are the
run's own unless --set says otherwise.

With --items, the items of a table that the run has not met are added after all others, ranked by what its model has
learned of their features (data.items.features). No id moves, and `recsys bundle delta` carries just them.

With --embeddings, WORK_DIR/embeddings/DIGEST/items.parquet has the vector of every item, for a nearest-neighbour
service by inner product. The bundles of that DIGEST then have the signature encode, which makes a history the query.
"""

import argparse
from pathlib import Path
from typing import Any

from recsys.cli.common import add_json, add_progress, add_set, add_work_dir, print_json, size, where
from recsys.cli.results.bundles import ExportResult
from recsys.core.errors import ConfigError, RecsysError
from recsys.core.mirror import with_urls


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", type=where, help="a finished run's directory")
    parser.add_argument("--dataset", type=where, help="what it was trained on (default: found in the work directory)")
    add_set(parser, "export.candidates=200")
    parser.add_argument("--items", metavar="FILE", type=where, help="add the new items of this table, without training")
    parser.add_argument(
        "--embeddings", action="store_true", help="write items' vectors, too, and the signature that encodes histories"
    )
    parser.add_argument("--budget", type=size, help="name the best variant of at most this size, for example 300KiB")
    add_work_dir(parser)
    parser.add_argument("--overwrite", action="store_true", help="make bundles again even when they are there")
    add_json(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.api import mirrored
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.finding import dataset_of
    from recsys.artifacts.recorded_config import recorded
    from recsys.artifacts.run import Run
    from recsys.config import Config, apply_override, parse_config
    from recsys.export import describe
    from recsys.export.embeddings import export_embeddings
    from recsys.terminal import say

    for override in args.overrides:
        if not override.startswith(("export.", "tracking.")):
            raise ConfigError(f"--set {override!r}: a finished run is what it is; only export and tracking can be set")
    finished = Run(args.run)
    values = recorded(Config, finished).to_json()
    for override in args.overrides:
        apply_override(values, override)
    if args.items is not None:
        values["export"]["items"] = with_urls(args.items)
    if args.embeddings:
        values["export"]["signatures"] = sorted({*values["export"]["signatures"], "encode"})
    config = parse_config(values, f"{finished.config_file}{' with --set' if args.overrides else ''}")
    dataset = Dataset(args.dataset) if args.dataset is not None else dataset_of(finished, args.work_dir)
    outcome = mirrored.export(finished, dataset, config, args.work_dir, overwrite=args.overwrite)
    embeddings = None
    if args.embeddings:
        embeddings = export_embeddings(finished, dataset, config.export, args.work_dir, overwrite=args.overwrite)
        say(f"export: vectors of items in {embeddings}")
    variants = describe(outcome.artifact)
    chosen = None if args.budget is None else best_within(variants, args.budget)
    if args.json:
        print_json(ExportResult(variants, outcome.reused, chosen, None if embeddings is None else str(embeddings)))
    else:
        _show(variants, chosen)
    return 0


def best_within(variants: dict[str, dict[str, Any]], budget: int) -> str:
    """The variant of the highest validation NDCG@10 that takes at most ``budget`` bytes; of equals the smaller.

    Raises:
        RecsysError: none is that small.
    """
    fitting = [name for name, facts in variants.items() if facts["bytes"] <= budget]
    if not fitting:
        smallest = min(variants, key=lambda name: int(variants[name]["bytes"]))
        raise RecsysError(
            f"no variant fits {budget / 1024:.1f} KiB; the smallest, {smallest}, takes "
            f"{variants[smallest]['bytes'] / 1024:.1f} KiB. Add smaller ones to export.variants, for example pq-m8"
        )
    return max(fitting, key=lambda name: (variants[name]["validation"]["ndcg@10"], -variants[name]["bytes"]))


def _show(variants: dict[str, dict[str, Any]], chosen: str | None) -> None:
    from recsys.cli.tables import bundle_table
    from recsys.terminal import for_programs, results

    if chosen is None or not for_programs():  # who reads lines of JSON has no use for a table
        console = results(stderr=chosen is not None)
        console.print(bundle_table(variants))
        console.print(f"bundles  {Path(next(iter(variants.values()))['path']).parent}", soft_wrap=True)
    if chosen is not None:
        print(with_urls(variants[chosen]["path"]))  # noqa: T201
