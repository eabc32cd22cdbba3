"""A preparation whose workers share nothing but a store: what they need is sent there, what they made is fetched.

Both lie below the URL of the dataset in the making, which nobody reads: it has no manifest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.config.data import DataConfig
from recsys.core.errors import RecsysError
from recsys.core.local_path import place
from recsys.core.mirror import url_of, with_urls
from recsys.log.blocks import LogBlock
from recsys.preparation.job import Job
from recsys.storage import transfer

INPUTS_DIR = "inputs"
_LOG, _ITEMS, _RELATIONS, _FEATURES = "log", "items", "relations", "features"


def send_inputs(job: Job, blocks: list[LogBlock]) -> tuple[Job, list[LogBlock]]:
    """The job and its blocks as workers on other machines know them; what is on this machine alone is sent.

    Args:
        job: whose target is a store's.
    """
    inputs = job.spill / INPUTS_DIR
    urls = {}
    for number, name in enumerate(sorted({block.path for block in blocks})):
        path = Path(name)
        if url_of(path) is None or path.is_relative_to(job.spill):
            to = inputs / _LOG / f"{number:05d}"
            transfer.put_at([(path, to)])
            path = to
        urls[name] = url_of(path) or ""
    tables = {
        _ITEMS: job.data.items and job.data.items.path,
        _RELATIONS: job.data.relations and job.data.relations.path,
    }
    transfer.put_at((path, inputs / kind / path.name) for kind, path in tables.items() if path)
    if job.prior_features is not None:
        files = [file for file in job.prior_features.iterdir() if file.is_file()]
        transfer.put_at((file, inputs / _FEATURES / file.name) for file in files)
    return replace(job, store=url_of(job.target)), [replace(block, path=urls[block.path]) for block in blocks]


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
        data, origins = _moved(job.data, here)
        features = here / _FEATURES if job.prior_features is not None else None
        try:
            yield replace(job, data=data, prior_features=features)
        except RecsysError as error:
            message = str(error)
            for path, origin in origins.items():
                message = message.replace(str(path), with_urls(origin))
            raise type(error)(message) from error


def fetch_outputs(job: Job) -> None:
    """Fetch what workers made, to the dataset in the making on this machine."""
    inputs = job.spill / INPUTS_DIR
    transfer.get((file, file) for file in transfer.listing(job.target) if not file.is_relative_to(inputs))


def clear(job: Job) -> None:
    """Remove from the store what was sent there."""
    transfer.remove(list(transfer.listing(job.target)))


def _moved(data: DataConfig, folder: Path) -> tuple[DataConfig, dict[Path, Path]]:
    """The config with the tables that lie in ``folder``, and where each of them comes from."""
    origins = {}
    for kind in (_ITEMS, _RELATIONS):
        table = getattr(data, kind)
        if table is not None and table.path is not None:
            path = folder / kind / table.path.name
            origins[path] = table.path
            data = data.model_copy(update={kind: table.model_copy(update={"path": path})})
    return data, origins
