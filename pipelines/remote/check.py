"""Whether a pipeline holds anything that its workers, on other machines, could not have."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from tempfile import gettempdir
from typing import Any

from pipelines.remote.payloads import Payload, payloads_of
from pipelines.runners import Runner, beam_silent
from recsys.core.errors import ConfigError
from recsys.core.mirror import cache_dir
from recsys.log.blocks import LogBlock
from recsys.preparation.job import Job

DATAFLOW = "DataflowRunner"  # its machines share no disk with anybody
PACKAGE_OPTIONS = ("sdk_container_image", "setup_file", "extra_package", "requirements_file")
_MAIN = "__main__"
_SECRET = re.compile(r"secret|password|token|credential|account_key|access_key", re.IGNORECASE)
_OPENED = ("_io", "socket", "fsspec", "s3fs", "gcsfs", "adlfs", "botocore", "aiobotocore", "google.auth")
_BY_ENVIRONMENT = "give it to the workers by their environment or role"


def check_pipeline(build: Callable[[Any], None], runner: Runner, job: Job, blocks: list[LogBlock]) -> int:
    """Build a pipeline, and hold it to what workers on other machines can have; nothing is sent or run.

    Paths may travel below what workers share: without a store, the work directory, the log and its tables (a worker
    that does not see them says so). Names of files that only messages tell may travel, too.

    Args:
        job, blocks: as workers are told of them.

    Returns:
        How many functions and values the pipeline holds.

    Raises:
        ConfigError: it holds a path, an open file, a credential or an object of the main session of this machine; or
            workers would not have this package.
    """
    from apache_beam import Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions

    _check_options(runner)
    with beam_silent():
        pipeline = Pipeline(runner="DirectRunner", options=PipelineOptions(list(runner.options)))  # it is never run
        try:
            build(pipeline)
            payloads = list(payloads_of(pipeline))
        except Exception as error:
            told = f"--runner {runner.name}: the pipeline cannot travel to its workers: {_root(error)}"
            raise ConfigError(told) from error
    shared = _shared(job, blocks, runner)
    names = {block.origin for block in blocks} | set(job.origins.values()) if job.store else set()
    for payload in payloads:
        for found, advice in _misfits(payload, shared, names):
            raise ConfigError(
                f"--runner {runner.name}: step {payload.step!r} holds {found}, which workers on other machines do "
                f"not have: {advice}"
            )
    return len(payloads)


def _root(error: BaseException) -> BaseException:
    return error if error.__cause__ is None else _root(error.__cause__)


def _check_options(runner: Runner) -> None:
    """What Beam's own options would bring along, or leave out."""
    names = [option.lstrip("-").partition("=")[0] for option in runner.options]
    for name in names:
        if _SECRET.search(name):
            raise ConfigError(f"--beam-option=--{name}: options travel with the job, to be read by whoever sees it; "
                              f"{_BY_ENVIRONMENT}")  # fmt: skip
        if name == "save_main_session":
            raise ConfigError(f"--beam-option=--{name}: no step needs this machine's main session; leave it out")
    if runner.name == DATAFLOW and not set(PACKAGE_OPTIONS) & set(names):
        raise ConfigError(
            f"--runner {DATAFLOW}: its workers would not have this package; give "
            "--beam-option=--sdk_container_image=IMAGE, of an image that has it (docs/engines.md)"
        )


def _shared(job: Job, blocks: list[LogBlock], runner: Runner) -> list[Path]:
    """The paths that workers are said to share with this machine."""
    if job.store is not None or runner.name == DATAFLOW:
        return []
    tables = [table.path for table in (job.data.items, job.data.relations) if table is not None and table.path]
    log = [job.data.path] if job.data.path else []
    features = [job.prior_features] if job.prior_features else []
    paths = [job.target.parent.parent, *log, *tables, *features, *(Path(block.path) for block in blocks)]
    return [path.absolute() for path in paths]


def _misfits(payload: Payload, shared: list[Path], names: set[str]) -> Iterator[tuple[str, str]]:
    """What of this machine a payload holds, and what to do about it."""
    kept = "give a --work-dir and a data.path in a store, such as s3://BUCKET/work" + (
        ", or one on a disk that all workers share" if shared else ""
    )
    code = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    paths = {path for path in payload.paths if path.is_absolute()}
    paths |= {PurePath(text) for text in payload.texts - names if text not in code and _is_of_this_machine(text)}
    for path in sorted(paths):
        if not any(path.is_relative_to(one) for one in shared):
            yield f"the path {path} of this machine", kept
    if _MAIN in payload.texts | payload.modules:
        yield "an object of this program's main session", "define it in a module that workers import"
    for module in sorted(payload.modules):
        if module.split(".")[0] in _OPENED or module in _OPENED:
            yield f"an open file or connection ({module})", "let each step open what it needs"
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= 8 and value.encode() in payload.data:
            yield f"the value of {name}", _BY_ENVIRONMENT


def _is_of_this_machine(text: str) -> bool:
    """Whether a string is the path of a file here, or of one that would lie where this machine keeps its own."""
    if not text.startswith("/") or text == "/":
        return False
    own = (Path.cwd(), Path.home(), Path(gettempdir()), cache_dir())
    if any(Path(text).is_relative_to(one) for one in own if one != Path("/")):
        return True
    try:
        return Path(text).exists()
    except OSError:  # too long for a path
        return False
