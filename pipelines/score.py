"""Run and dataset → the best items for every user, or those nearest to every item, part by part."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.progress import watch_folders
from pipelines.runners import Runner
from pipelines.runners import run as run_pipeline
from recsys.artifacts.compatibility import check_same_items
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.outcome import Outcome
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.artifacts.scores import SHARDS_DIR, Scores
from recsys.config.evaluation import EvaluationConfig
from recsys.core.artifact import file_hashes
from recsys.core.digests import digest
from recsys.core.errors import ConfigError
from recsys.core.json_files import read_json, write_json
from recsys.core.schema import MANIFEST, SCORES_DIR
from recsys.scoring.filters import Filters, cut_by_users, shown_items
from recsys.storage.publishing import is_published, publish
from recsys.terminal import ProgressLines, say

# Part of every scoring's digest: raise it when the same model and filters would rank otherwise.
SCORE_VERSION = 1
STEPS_DIR = ".steps"
SCORES = 500  # take about as long as a row of a log, by which a runner chooses how many processes it starts


def score(
    run: Run,
    dataset: Dataset,
    k: int,
    work_dir: Path,
    *,
    filters: Filters | None = None,
    related: bool = False,
    overwrite: bool = False,
    runner: Runner | None = None,
) -> Outcome[Scores]:
    """Rank the catalog for every user of ``dataset``, given all that the user did, and keep the best ``k``.

    Items that a user has touched are left out where the run was evaluated that way. What a killed attempt finished
    is not done again. This process holds nothing of users: workers do, a shard at a time.

    Args:
        filters: files that narrow what is shown.
        related: rank for every item instead, by the cosine of the items' vectors.

    Raises:
        ArtifactError: the run is not finished, or was trained on another vocabulary; a file of ``dataset`` is missing
            or changed.
        ConfigError: a filter that is about users, of lists of related items; one by a column that no item has; or ``k``
            below 1.
        DataError: a filter's file cannot be used.
        RecsysError: the pipeline failed.
    """
    filters = filters or Filters()
    run.check_finished()
    check_same_items(run, dataset.verify())
    if k < 1:
        raise ConfigError(f"k is {k}: expected 1 item a list or more")
    _check_filters(filters, dataset, related)
    made_of = {
        "weights": run.weights_digest,
        "dataset": dataset.digest,
        "of": "items" if related else "users",
        "k": k,
        "filter_seen": not related and recorded(EvaluationConfig, run, "evaluation").filter_seen,
        "filters": filters.to_json(),
        "version": SCORE_VERSION,
        "format_version": Scores.format_version,
    }
    target = work_dir / SCORES_DIR / digest(made_of)
    if is_published(target, keep_parts=not overwrite) and not overwrite:
        return Outcome(Scores(target), reused=True)
    with publish(target, overwrite=overwrite, parts=None if overwrite else SHARDS_DIR) as aside:
        (aside / SHARDS_DIR).mkdir(exist_ok=True)
        steps = aside.absolute() / STEPS_DIR  # as all that travels, for workers may stand elsewhere
        steps.mkdir()
        results = _run_parts(run, dataset, k, bool(made_of["filter_seen"]), filters, related, steps, runner)
        shutil.rmtree(steps)
        files = file_hashes(aside)
        lists = sum(part["rows"] for part in results)
        ProgressLines("score").counts(lists=lists)
        write_json(aside / MANIFEST, {"kind": Scores.kind, **made_of, "lists": lists, "files": files})
    return Outcome(Scores(target), reused=False)


def _check_filters(filters: Filters, dataset: Dataset, related: bool) -> None:
    if related and (filters.exclude or filters.match):
        raise ConfigError("related lists items for items, and exclude and match are about users; leave them out")
    if filters.match is not None and filters.match[0] not in dataset.items:
        raise ConfigError(
            f"match {filters.match[0]}: the items of {dataset.path} have no such column, only "
            f"{', '.join(dataset.items.columns)}; prepare the dataset with data.items that has it"
        )


def _run_parts(
    run: Run,
    dataset: Dataset,
    k: int,
    filter_seen: bool,
    filters: Filters,
    related: bool,
    steps: Path,
    runner: Runner | None,
) -> list[dict[str, Any]]:
    """Run every part that is not there yet; returns what each has to tell, in their order."""
    from recsys.scoring.related import RELATED
    from recsys.scoring.shards import (
        EXCLUDE_DIR,
        MATCH_DIR,
        SHOWN_FILE,
        ScoreJob,
        recommend_shard,
        related_items,
    )

    shown, strangers = shown_items(filters.items, dataset)
    if strangers:
        say(f"score: {filters.items}: left out, for the run has not met them: {strangers:,} of its items")
    np.save(steps / SHOWN_FILE, shown)
    columns, match = dataset.manifest.inputs.data.get("columns", {}), None
    if filters.exclude is not None:
        names = columns["user"], columns["item"]
        pairs = cut_by_users(filters.exclude, names, dataset.shards, steps / EXCLUDE_DIR)
    if filters.match is not None:
        match = filters.match[0]
        matches = cut_by_users(filters.match[1], (columns["user"], match), dataset.shards, steps / MATCH_DIR)
    made_from, shards = (run.path.absolute(), dataset.path.absolute()), steps.parent / SHARDS_DIR
    job = ScoreJob(*made_from, shards, steps, k, filter_seen, match)
    parts = -(-len(dataset.items) // RELATED) if related else dataset.shards
    function = partial(related_items if related else recommend_shard, job)
    rows = len(dataset.items) if related else int(dataset.counts["users"])
    unit = "items" if related else "users"
    with watch_folders("score", {"rank": (job.target, parts)}, rows, unit):
        run_pipeline(partial(_build, function, parts, steps), runner or Runner(), rows * len(shown) // SCORES)
    results: list[dict[str, Any]] = read_json(steps / "score.json")
    scored = "the shards that were left" if any(part["earlier"] for part in results) else "the dataset"
    if filters.exclude is not None:
        used = sum(part.get("excluded", 0) for part in results)
        say(f"score: {used:,} of the {pairs:,} pairs of {filters.exclude} name a user and an item of {scored}")
    if filters.match is not None:
        used = sum(part.get("matched", 0) for part in results)
        say(f"score: {used:,} of the {matches:,} users of {filters.match[1]} are in {scored} and match some items")
        if without := sum(part.get("without", 0) for part in results):
            say(
                f"score: {without:,} users have a {match} that no item shown has, and get empty lists; "
                f"{filters.match[1]} holds one value a user"
            )
    return results


def _build(function: Callable[[int], Any], parts: int, directory: Path, pipeline: Any) -> None:
    import apache_beam as beam

    from pipelines.transforms import Step

    _ = pipeline | "Parts" >> beam.Create(range(parts)) | Step("score", function, directory)
