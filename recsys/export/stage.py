"""The stage run → bundles. Light to import: TensorFlow comes with work."""

from pathlib import Path
from typing import Any

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.outcome import Outcome
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.config.evaluation import EvaluationConfig
from recsys.config.export import ExportConfig
from recsys.core.digests import digest, sha256_file
from recsys.core.errors import ArtifactError, DataError, RecsysError
from recsys.core.schema import BUNDLES_DIR
from recsys.export.backend import backend_of
from recsys.export.new_items.last_night import last_night, model_of
from recsys.storage.files import fetch_files
from recsys.storage.publishing import is_published, publish
from recsys.terminal import ProgressLines, say

# Part of every bundle's digest: raise it when the same weights and settings would export to another bundle.
EXPORT_VERSION = 15
CHANNELS = ("request_time", "event_types", "event_values")  # of events; a student reads what its teacher reads


def bundles_dir(run: Run, config: ExportConfig, work_dir: Path) -> Path:
    """Where the bundles of ``run`` under ``config`` lie, one directory a variant."""
    settings = config.model_dump(mode="json", exclude={"variants", "policy", "since", "items"})
    for file in filter(None, (config.policy, config.items)):
        fetch_files(file)
    settings["policy"] = None if config.policy is None else sha256_file(config.policy)
    if config.items is not None:
        if not config.items.is_file():
            raise DataError(f"{config.items}: no such item table; export.items names it")
        settings["items"] = sha256_file(config.items)
    if config.student.teacher is not None:
        teacher = _teacher(config.student.teacher, run)
        settings["student"]["teacher"] = [teacher.digest, teacher.weights_digest]
    before = last_night(config, verify=False)
    settings["since"] = {name: digest(one.manifest.files) for name, one in before.items()}
    made_of = {"run": run.digest, "weights": run.weights_digest, "version": EXPORT_VERSION, "export": settings}
    return work_dir / BUNDLES_DIR / digest(made_of)


def export(
    run: Run, dataset: Dataset, config: ExportConfig, work_dir: Path, *, overwrite: bool = False
) -> Outcome[list[Bundle]]:
    """Make the variants of a finished run that are not there yet.

    Raises:
        ConfigError: no such format, or items are to be added to what does not know them by their features.
        DataError: the table of items to add cannot be used.
        RecsysError: variants stray from Keras beyond the tolerance (the others are written), or one holds an operator
            that a phone lacks.
        ArtifactError: the run, the dataset or a bundle that is there already is damaged.
    """
    check_trained_on(run, dataset)
    target = bundles_dir(run, config, work_dir)
    missing = [name for name in config.variants if overwrite or not is_published(target / name)]
    if missing:
        backend_of(config.format)  # an unknown one is refused before anything is loaded
        from recsys.export.exporter import Exporter
        from recsys.export.judge import VariantRefused
        from recsys.export.variants import Variant
        from recsys.models.loading import load_run

        dataset.verify()
        model, new, since = load_run(run), 0, last_night(config)
        if config.items is not None:
            from recsys.export.new_items.add_items import add_items

            model, dataset, new = add_items(run, dataset, config.items, since.values())
        variants = {name: Variant.parse(name, config.memory_neighbours) for name in missing}
        taught_by = run
        if config.student.teacher is not None and any(one.of_student for one in variants.values()):
            taught_by = _teacher(config.student.teacher, run)
        exporter = Exporter(
            model,
            dataset,
            config,
            run.digest,
            filter_seen=recorded(EvaluationConfig, run, "evaluation").filter_seen,
            teacher=model if taught_by is run else load_run(taught_by),
            taught_by=taught_by.digest,
            new=new,
        )
        for variant in variants.values():
            exporter.check(variant)
        refused, lines = [], ProgressLines("export")
        for done, (name, variant) in enumerate(variants.items()):
            lines("variants", done, len(variants), next=name)
            say(f"export: {name}")
            before = model_of(since[name]) if name in since else None
            if config.since is not None and before is None:
                say(f"export: {config.since} has no {name}; nothing of it is held")
            try:
                with publish(target / name, overwrite=overwrite, check=_check) as aside:
                    exporter.write(variant, aside, before)
            except VariantRefused as error:
                refused.append(str(error))
        lines("variants", len(variants), len(variants))
        if refused:
            written = [name for name in config.variants if is_published(target / name)]
            raise RecsysError("\n".join([*refused, f"written to {target}: {', '.join(written) or 'none'}"]))
    return Outcome([Bundle(target / name) for name in config.variants], reused=not missing)


def describe(bundles: list[Bundle]) -> dict[str, dict[str, Any]]:
    """``{variant: {"path", "bytes", "median_ms", "validation", "test"}}``, as ``recsys run --json`` gives it.

    The last two are ``{"ndcg@10", "hr@10", …, "targets", "users", "keras"}``, as the manifest has them.
    """
    return {
        bundle.manifest.variant: {
            "path": str(bundle.path),
            "bytes": bundle.device_bytes,
            **{key: bundle.manifest.measured[key] for key in ("median_ms", "validation", "test")},
        }
        for bundle in bundles
    }


def _teacher(path: Path, run: Run) -> Run:
    """The run that a student imitates.

    Raises:
        ArtifactError: no finished run, or on another data set, by another protocol (it may have learned the items that
            validate), of another length than the one that is exported, or a reader of other channels.
    """
    teacher = Run(path)
    try:
        teacher.check_finished()
    except ArtifactError as error:
        raise ArtifactError(f"export.student.teacher: {error}") from None
    channels = ((f"model.{key}", run.config["model"].get(key), teacher.config["model"].get(key)) for key in CHANNELS)
    for what, ours, theirs in (
        ("data set", run.manifest.dataset_digest, teacher.manifest.dataset_digest),
        ("protocol", run.manifest.protocol, teacher.manifest.protocol),
        ("model.max_length", run.config["model"]["max_length"], teacher.config["model"]["max_length"]),
        *channels,
    ):
        if ours != theirs:
            raise ArtifactError(
                f"export.student.teacher {path}: its {what} is {theirs}, that of {run.path} is {ours}; "
                "name a run that shares it"
            )
    return teacher


def _check(directory: Path) -> None:
    Bundle(directory)
