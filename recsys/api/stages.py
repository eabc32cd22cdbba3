"""The stages as functions: each finds what is there already, and makes what is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recsys.core.local_path import local_path, place

if TYPE_CHECKING:
    from pipelines.runners import Runner
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.artifacts.scores import Scores
    from recsys.bundle import Bundle
    from recsys.config import Config
    from recsys.core.events import Event
    from recsys.evaluation.items.explaining import Explanation
    from recsys.evaluation.items.similar_items import Neighbour
    from recsys.log.sources import FetchedLog
    from recsys.training.listeners import RunCallback


def fetch(name: str, work_dir: Path | str = "work") -> "FetchedLog":
    """The public data set called ``name``, for example ``movielens-100k``: fetched, verified by SHA-256 and cached.

    Raises:
        ConfigError: no data set of that name.
        DataError: what was fetched is not what was published.
        RecsysError: no route led to it.
    """
    from recsys.log import sources

    return sources.fetch(name, local_path(work_dir) / "data")


def prepare(
    config: "Config",
    work_dir: Path | str = "work",
    *,
    extends: "Dataset | None" = None,
    forget: Path | str | None = None,
    against: "Dataset | None" = None,
    max_drift: float = 0.5,
    overwrite: bool = False,
    runner: "Runner | None" = None,
) -> "Dataset":
    """Event log → dataset, by the sections ``data`` and ``prepare`` of ``config``.

    Args:
        extends: an earlier dataset that ``config``'s log is added to; its item ids stay.
        forget: a file of user ids, one a line, who are left out for good.
        against: an earlier dataset that the new one must resemble.
        max_drift: how much may differ from ``against``, as a share.
        runner: where Beam runs; by default on this machine.

    Raises:
        ArtifactError: a file of ``extends`` is missing or changed.
        DataError: the log cannot be used, or drifts too far; names the file, the row or the column.
        RecsysError: the pipeline failed.
    """
    from pipelines import prepare as stage

    request = stage.Request(extends, None if forget is None else local_path(str(forget)), against, max_drift)
    return stage.prepare(config, place(work_dir), overwrite=overwrite, runner=runner, request=request).artifact


def train(
    config: "Config",
    dataset: "Dataset",
    work_dir: Path | str = "work",
    *,
    callbacks: "Sequence[RunCallback]" = (),
    overwrite: bool = False,
    read_test: bool = True,
) -> "Run":
    """Dataset → run, by the sections ``model``, ``training`` and ``evaluation``; one that was killed goes on.

    Other cut-offs and baselines make no other run: ``evaluate`` with ``config`` measures them of the one that is there.
    It is mirrored into MLflow while it trains, unless ``config.tracking.enabled`` is false.

    Args:
        callbacks: told of the start, each epoch and the end.
        read_test: false for a run that is only one to choose from; ``evaluate`` reads its test later.

    Raises:
        ConfigError: another process is training this very run, or the dataset was prepared with other settings.
        RecsysError: there is nothing to learn from, or the loss diverged.
    """
    from recsys.api import mirrored
    from recsys.artifacts.compatibility import check_trainable

    check_trainable(dataset, config)
    return mirrored.train(
        config, dataset, place(work_dir), callbacks=callbacks, overwrite=overwrite, read_test=read_test
    ).artifact


def evaluate(
    run: "Run",
    dataset: "Dataset",
    split: Literal["validation", "test"] = "test",
    *,
    config: "Config | None" = None,
    anew: bool = False,
) -> dict[str, Any]:
    """What ``run`` reached on the targets of ``split``, beside baselines, every item of the catalog ranked.

    What the run has sealed is taken from there. Other cut-offs or baselines, as the section ``evaluation`` of
    ``config`` has them, are measured and kept beside the run, which they do not change.

    Args:
        anew: have the run's model rank again; nothing of it is kept.

    Returns:
        ``{"protocol", "request_time", "split", "dataset_digest", "seed", "model": {"ndcg@10": …},
        "baselines": {name: {…}}, …}``.

    Raises:
        ArtifactError: the run is not finished, was trained on another dataset, or ``anew`` asks a refitted model about
            validation events, which it has seen.
        ConfigError: ``config`` ranks otherwise than the run, whose epoch was chosen so.
    """
    from recsys.artifacts.compatibility import check_trained_on
    from recsys.artifacts.recorded_config import recorded
    from recsys.config.evaluation import EvaluationConfig
    from recsys.evaluation.reporting import of_split, report

    check_trained_on(run, dataset)
    settings = config.evaluation if config is not None else recorded(EvaluationConfig, run, "evaluation")
    if anew:
        from recsys.evaluation.again import rank_again

        return rank_again(run, dataset.verify(), split, settings)
    return of_split(report(run, dataset, settings, (split,)).artifact, split)


def export_bundles(
    run: "Run", dataset: "Dataset", config: "Config", work_dir: Path | str = "work", *, overwrite: bool = False
) -> "list[Bundle]":
    """Run → bundles, one for each of ``config.export.variants``, in their order.

    Raises:
        RecsysError: a variant strays from the trained model beyond the tolerance (the others are written).
        ArtifactError: the run, the dataset or a bundle that is there already is damaged.
    """
    from recsys.api import mirrored

    return mirrored.export(run, dataset, config, place(work_dir), overwrite=overwrite).artifact


def describe_bundles(bundles: "list[Bundle]") -> dict[str, dict[str, Any]]:
    """``{variant: {"path", "bytes", "median_ms", "validation", "test"}}``: what a phone downloads and gets."""
    from recsys.export import describe

    return describe(bundles)


def score(
    run: "Run",
    dataset: "Dataset",
    k: int = 100,
    work_dir: Path | str = "work",
    *,
    items: Path | str | None = None,
    exclude: Path | str | None = None,
    match: tuple[str, Path | str] | None = None,
    related: bool = False,
    overwrite: bool = False,
    runner: "Runner | None" = None,
) -> "Scores":
    """Run and dataset → the best ``k`` items for every user: the candidates that a server sends.

    Args:
        items: a table of the items that may be shown.
        exclude: a table of pairs, a user and an item each, that are left out.
        match: a column of the item table, and a table that gives users their value of it: they see items that have it.
        related: for every item the items nearest to it, instead.

    Raises:
        ArtifactError: the run is not finished, or was trained on another vocabulary; a file of ``dataset`` is missing
            or changed.
        ConfigError: ``exclude`` or ``match`` for related items, a column that no item has, or ``k`` below 1.
        DataError: a table cannot be used.
        RecsysError: the pipeline failed.
    """
    from pipelines import score as stage
    from recsys.scoring.filters import Filters

    shown, hidden = (None if file is None else local_path(str(file)) for file in (items, exclude))
    filters = Filters(shown, hidden, None if match is None else (match[0], local_path(str(match[1]))))
    return stage.score(
        run, dataset, k, place(work_dir), filters=filters, related=related, overwrite=overwrite, runner=runner
    ).artifact


def explain(
    run: "Run", dataset: "Dataset", user: "str | Sequence[Event]", items: "Sequence[str]", most: int = 3
) -> "list[Explanation]":
    """Why each of ``items`` is ranked where it is after all that ``user`` did: "because you watched …, same genre".

    Each explanation has what the item's features add to its score, ``features``, and at most ``most`` events that speak
    for it, ``because``, with the values that the event's item and the ranked one share.

    Args:
        user: of ``dataset``, or a history as a client holds it, oldest first.

    Raises:
        ConfigError: the model reads no features.
        DataError: ``dataset`` has no such user or item.
        ArtifactError: the run is not finished or damaged, or was trained on another dataset.
    """
    from recsys.evaluation.items.explaining import Explainer

    return Explainer(run, dataset)(user, items, most)


def similar_items(run: "Run", dataset: "Dataset", item: str, k: int = 10) -> "dict[str, list[Neighbour]]":
    """The ``k`` items nearest to ``item`` by cosine, nearest first: ``{"embedding": [(item, cosine), …]}``.

    Of a model that reads features of items, also ``own``, by what events alone have taught, and ``features``.

    Raises:
        DataError: ``dataset`` has no such item.
        ArtifactError: the run is not finished or damaged, or was trained on another dataset.
    """
    from recsys.evaluation.items.similar_items import similar_items as nearest_to

    return nearest_to(run, dataset, item, k)
