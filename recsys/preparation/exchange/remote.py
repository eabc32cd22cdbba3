"""A preparation whose workers share nothing but a store: what they need is sent there, what they made is fetched.

Both lie below the URL of the dataset in the making, which nobody reads: it has no manifest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from recsys.config.data import DataConfig
from recsys.core.errors import RecsysError
from recsys.core.local_path import place
from recsys.core.mirror import url_of, with_urls
from recsys.log.blocks import LogBlock
from recsys.preparation.job import Job
from recsys.storage import transfer

INPUTS_DIR = "inputs"
_LOG, _ITEMS, _RELATIONS, _FEATURES = "log", "items", "relations", "features"


class RemoteInputs(NamedTuple):
    """What workers on other machines are told of.

    Attributes:
        job, blocks: as they know them, without any path of this machine; origins are names for messages.
        copies: files of this machine, and what mirrors where they are to be sent.
    """

    job: Job
    blocks: list[LogBlock]
    copies: list[tuple[Path, Path]]


def plan_inputs(job: Job, blocks: list[LogBlock]) -> RemoteInputs:
    """The job and its blocks for workers that share a store alone, and what has to be sent there first.

    Args:
        job: whose target is a store's.
    """
    inputs = job.spill / INPUTS_DIR
    urls, copies = {}, []
    for number, name in enumerate(sorted({block.path for block in blocks})):
        path = Path(name)
        if url_of(path) is None or path.is_relative_to(job.spill):
            copies.append((path, inputs / _LOG / f"{number:05d}"))
            path = copies[-1][1]
        urls[name] = url_of(path) or ""
    data, origins = job.data.model_copy(update={"path": None}), {}
    for kind in (_ITEMS, _RELATIONS):
        table = getattr(data, kind)
        if table is not None and table.path is not None:
            copies.append((table.path, inputs / kind / table.path.name))
            origins[kind] = with_urls(table.path)
            data = data.model_copy(update={kind: table.model_copy(update={"path": Path(table.path.name)})})
    if job.prior_features is not None:
        files = [file for file in job.prior_features.iterdir() if file.is_file()]
        copies += [(file, inputs / _FEATURES / file.name) for file in files]
    there = replace(
        job,
        spill=Path(job.spill.name),
        target=Path(job.target.name),
        data=data,
        prior_features=job.prior_features and Path(_FEATURES),
        store=url_of(job.target),
        origins=origins,
    )
    return RemoteInputs(there, [replace(block, path=urls[block.path]) for block in blocks], copies)


@contextmanager
def with_tables(job: Job) -> Iterator[Job]:
    """A worker's job with the tables beside the log, and the features that are extended, on this machine's disk."""
    if job.store is None:
        yield job
        return
    inputs = place(f"{job.store}/{job.spill.name}/{INPUTS_DIR}")
    with TemporaryDirectory(prefix="recsys-") as folder:
        here = Path(folder)
        kinds = (_ITEMS, _RELATIONS, _FEATURES)
        files = [file for kind in kinds for file in transfer.listing(inputs / kind)]
        transfer.get((file, here / file.relative_to(inputs)) for file in files)
        data = _moved(job.data, here)
        features = here / _FEATURES if job.prior_features is not None else None
        try:
            yield replace(job, data=data, prior_features=features)
        except RecsysError as error:
            message = str(error)
            for kind, origin in job.origins.items():
                message = message.replace(str(getattr(data, kind).path), origin)
            raise type(error)(message) from error


def fetch_outputs(job: Job) -> None:
    """Fetch what workers made, to the dataset in the making on this machine."""
    inputs = job.spill / INPUTS_DIR
    transfer.get((file, file) for file in transfer.listing(job.target) if not file.is_relative_to(inputs))


def clear(job: Job) -> None:
    """Remove from the store what was sent there."""
    transfer.remove(list(transfer.listing(job.target)))


def _moved(data: DataConfig, folder: Path) -> DataConfig:
    """The config with the tables that lie in ``folder``."""
    for kind in (_ITEMS, _RELATIONS):
        table = getattr(data, kind)
        if table is not None and table.path is not None:
            path = folder / kind / table.path.name
            data = data.model_copy(update={kind: table.model_copy(update={"path": path})})
    return data
