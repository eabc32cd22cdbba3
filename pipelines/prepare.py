"""Event log → dataset.

Importing this module does not import Beam: a dataset that is there already is found without it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.description import codes_of, describe
from pipelines.graph import run_steps
from pipelines.planning import find_files, plan, resolve
from pipelines.runners import Runner
from recsys.artifacts.compatibility import check_extends
from recsys.artifacts.dataset import FORGOTTEN_FILE, REJECTS_DIR, Dataset
from recsys.artifacts.finding import lineage
from recsys.artifacts.outcome import Outcome
from recsys.config import Config
from recsys.config.data import ItemTableConfig, RelationsConfig
from recsys.core.digests import digest, sha256_file
from recsys.core.publishing import ASIDE
from recsys.core.schema import DATASETS_DIR
from recsys.log.columns import source_columns
from recsys.log.files import refuse_changed, stamps_of
from recsys.log.partitions import file_digest
from recsys.log.rejects import first_rejects
from recsys.preparation.diagnostics.counts import (
    count_all,
    describe_rejects,
    refuse_empty,
    refuse_rejects,
    rejected_share,
)
from recsys.preparation.diagnostics.drift import refuse_drift
from recsys.preparation.items.described import describe_lacking
from recsys.preparation.relation_table import describe_unknown
from recsys.preparation.user_deletion import Forgotten, forget, holds_users, read_users
from recsys.storage.copies import send_files
from recsys.storage.files import fetch_files
from recsys.storage.publishing import is_published, publish
from recsys.terminal import ProgressLines, say

# Part of every dataset's name: raise it when the same log and settings would make another dataset.
PREPARE_VERSION = 11


@dataclass(frozen=True)
class Request:
    """What a dataset is made of.

    Attributes:
        extends: the dataset whose events are taken over and whose item ids stay.
        forget: a file of user ids, one a line, whose events are left out for good.
        against: an earlier dataset that the new one must resemble, within ``max_drift``.
    """

    extends: Dataset | None = None
    forget: Path | None = None
    against: Dataset | None = None
    max_drift: float = 0.5


def prepare(
    config: Config,
    work_dir: Path,
    *,
    overwrite: bool = False,
    runner: Runner | None = None,
    request: Request | None = None,
) -> Outcome[Dataset]:
    """Make the dataset that ``config`` describes, or find it in ``work_dir / "datasets"``.

    Its directory is named by what it is made of: the content of the log and of the item table, the sections ``data``
    and ``prepare``, and what ``request`` adds.

    Raises:
        ArtifactError: a file of the dataset that is extended is missing or changed.
        DataError: the log cannot be used; names the file, the row or the column.
        RecsysError: the pipeline failed.
    """
    request = request or Request()
    if request.extends is not None:
        request.extends.verify()
    data = resolve(config.data, work_dir)
    files, root = find_files(data)
    tables = (table.path for table in (data.items, data.relations) if table and table.path)
    read = [*files, *(path for path in tables if path.is_file())]  # a missing one is told when it is read
    stamps = stamps_of(read)
    users = read_users(request.forget) if request.forget else []
    forgotten = forget(users, request.extends, work_dir)
    inputs = {
        "format_version": Dataset.format_version,
        "prepare_version": PREPARE_VERSION,
        "log": sorted(file_digest(file, set(source_columns(data).values()), root) for file in files),
        "items": _hash_of(data.items),
        "relations": _hash_of(data.relations),
        "data": data.model_dump(
            mode="json", exclude={"name": True, "path": True, "items": {"path"}, "relations": {"path"}}
        ),
        "prepare": config.prepare.model_dump(mode="json"),
        "extends": request.extends.digest if request.extends else None,
        "forgotten": forgotten.hashes.tolist(),
    }
    target = work_dir / DATASETS_DIR / digest(inputs)
    if is_published(target) and not overwrite:
        found = Dataset(target)
        if request.against is not None:
            refuse_drift(found, request.against, request.max_drift)
        _tell_forgotten(found, users, request, work_dir)
        return Outcome(found, reused=True)
    config = Config(data=data, prepare=config.prepare)
    if request.extends is not None:
        check_extends(request.extends, config)
        if not config.prepare.keep_events:
            say("prepare: it will keep no events for a further night to extend; set prepare.keep_events: true")
    assert data.path is not None
    with publish(target, overwrite=overwrite) as aside:
        _make(config, files, root, aside, runner or Runner(), request, forgotten, inputs)
        fetch_files(data.path)  # workers may have read the store's files, not these
        refuse_changed(read, stamps)
    made = Dataset(target)
    _tell_forgotten(made, users, request, work_dir)
    return Outcome(made, reused=False)


def _tell_forgotten(dataset: Dataset, users: list[str], request: Request, work_dir: Path) -> None:
    """Say who was met of the users to forget, and which earlier datasets still hold them."""
    if request.forget is None:
        return
    met, listed = dataset.counts["forgotten_users"], f"{request.forget} lists {len(users)}"
    say(f"{met} users to forget were met; {listed}, and those of earlier lists stay forgotten")
    for earlier in lineage(request.extends, work_dir) if request.extends else ():
        if holds_users(earlier, users):
            say(f"{earlier.path} still holds the users to forget: remove it, and what was trained on it")


def _hash_of(table: ItemTableConfig | RelationsConfig | None) -> str | None:
    """SHA-256 of a table's file; None where there is none, which is told when it is read."""
    return sha256_file(table.path) if table and table.path and table.path.is_file() else None


def _make(
    config: Config,
    files: list[Path],
    root: Path,
    target: Path,
    runner: Runner,
    request: Request,
    forgotten: Forgotten,
    inputs: dict[str, Any],
) -> None:
    job, blocks = plan(config, files, root, target, request.extends, forgotten)
    target = job.target
    job.make_dirs()
    results = run_steps(job, blocks, runner)
    reads, bound = results["read"], config.prepare.max_rejected_share
    if rejected_share(reads) > bound:
        kept = _keep_rejects(target, digest(inputs))
        refuse_rejects(
            reads, bound, [*first_rejects(kept, 5), f"and the others, in {kept}"], config.data.timestamp_unit
        )
    if refused := describe_rejects(reads):
        example = first_rejects(target / REJECTS_DIR, 1)[0]
        say(f"{refused}, such as {example}; all are kept in the dataset's {REJECTS_DIR}")
    absent = set(config.data.event_types) - {name for one in reads for name in one.get("types", ())}
    if absent:
        say(f"data.event_types: the log has no event of type {', '.join(sorted(absent))}; is it written as there?")
    fits = results["fit"]
    for told in (describe_lacking(config.data.items, fits), describe_unknown(config.data, fits)):
        if told:
            say(told)
    counts = count_all(results)
    valid = counts["read"] - sum(counts["rejected"].values())
    if request.extends is not None and 0 < valid <= counts["dropped"].get("duplicate", 0):
        say(f"{config.data.path}: adds nothing, for {request.extends.path} has all of its {valid:,} valid rows")
    ProgressLines("prepare").counts(**counts)
    refuse_empty(counts, config.prepare.k_core)
    shutil.rmtree(job.spill)
    for stray in target.rglob(f".*{ASIDE}*"):  # of a step that was killed, and then run again by its runner
        stray.unlink()
    if len(forgotten):
        np.save(target / FORGOTTEN_FILE, forgotten.hashes)
    describe(job, counts, [shard["stats"] for shard in results["write"]], inputs, codes_of(job, request.extends))
    if request.against is not None:
        refuse_drift(Dataset(target), request.against, request.max_drift)


def _keep_rejects(target: Path, name: str) -> Path:
    """Copy the refused rows out of a dataset that is not going to be, to ``WORK/rejects/NAME``."""
    kept = target.parent.parent / REJECTS_DIR / name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(target / REJECTS_DIR, kept)
    send_files(kept)
    return kept
