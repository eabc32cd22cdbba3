"""Where a pipeline runs, and what it says when it fails."""

import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.deaths import WorkerDied, deaths_interrupt
from recsys.core import errors
from recsys.core.errors import ConfigError, RecsysError

Exchange = Literal["files", "engine"]
LOCAL = "local"
DIED = "a worker process died (killed, or out of memory); nothing was left behind, run it again"
WORKER = Path(__file__).with_name("worker.py")
LOGGERS = ("apache_beam", "grpc")
SMALL = 2_000_000  # rows up to which starting more processes costs more than it saves
_WHERE = re.compile(r" \[while running '[^']*'\]")
_ERROR = re.compile(r"^(?:[\w.]*\.)?(\w*(?:Error|Exception)): (.*?)(?: \[while running .*)?$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Runner:
    """Which Beam runner, and how.

    Attributes:
        name: ``local`` (Beam's FnApiRunner on this machine), or any runner's name as Beam knows it.
        workers: processes of the local runner; None chooses by the size of the job.
        options: further Beam options, as on its command line.
        exchange: how a preparation's steps pass on what they make: by ``files`` on a disk that all workers share, or by
            the ``engine`` itself; None is files on the local runner, whose engine holds all of it in memory, and the
            engine on any other.

    Raises:
        ConfigError: a runner that Beam does not know, an option that is none, or ``workers`` for a runner that is not
            the local one.
    """

    name: str = LOCAL
    workers: int | None = None
    options: tuple[str, ...] = ()
    exchange: Exchange | None = None

    @property
    def exchange_taken(self) -> Exchange:
        """``exchange``, or what this runner takes by itself."""
        return self.exchange or ("files" if self.name == LOCAL else "engine")

    @property
    def is_here(self) -> bool:
        """Whether its workers run on this machine, as far as its options tell."""
        return self.name == LOCAL or any("LOOPBACK" in option for option in self.options)

    def __post_init__(self) -> None:
        if self.workers is not None and self.name != LOCAL:
            raise ConfigError(
                f"--workers {self.workers} counts processes of the local runner, found --runner {self.name}: "
                "leave it out, and set the runner's own parallelism with --beam-option"
            )
        for option in self.options:
            if not option.startswith("--") or option.split("=")[0] == "--runner":
                raise ConfigError(
                    f"--beam-option={option}: expected an option of Beam's other than its runner, as "
                    "--beam-option=--parallelism=16; --runner names the runner"
                )
        if self.name != LOCAL and "." not in self.name:  # with a dot it is a class
            from apache_beam.options.pipeline_options import StandardOptions

            known = StandardOptions.KNOWN_RUNNER_NAMES
            if self.name.lower() not in map(str.lower, known):
                raise ConfigError(f"--runner {self.name}: expected {LOCAL} or one that Beam knows, {', '.join(known)}")


def run(build: Callable[[Any], None], runner: Runner, rows: int) -> None:
    """Build a pipeline and run it to its end.

    Args:
        build: adds the transforms to an empty pipeline.
        rows: the size of the job.

    Raises:
        RecsysError: a step failed; an error of ``recsys.core.errors`` keeps its kind through the runner.
    """
    with beam_silent():
        pipeline = _pipeline(runner, rows)
        build(pipeline)
        _run_to_end(pipeline)


def _pipeline(runner: Runner, rows: int) -> Any:
    from apache_beam import Pipeline
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.utils import interactive_utils

    # In a notebook Beam imports its DataFrames to number the labels of transforms; pandas 3 breaks that import.
    interactive_utils.is_in_ipython = lambda: False
    if runner.name != LOCAL:
        return Pipeline(options=PipelineOptions([f"--runner={runner.name}", *runner.options]))
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.transforms.environments import EmbeddedPythonEnvironment, SubprocessSDKEnvironment

    workers = runner.workers or (1 if rows < SMALL else os.cpu_count() or 1)
    # Ctrl-C reaches all processes of a terminal; the shell that starts a worker turns it off before Python runs.
    command = f"trap '' INT; exec {shlex.join([sys.executable, '-P', str(WORKER)])}"
    environment = (
        EmbeddedPythonEnvironment.default()
        if workers == 1
        else SubprocessSDKEnvironment.from_command_string(command_string=command)
    )
    options = PipelineOptions([f"--direct_num_workers={workers}", *runner.options])
    return Pipeline(runner=FnApiRunner(environment), options=options)


@contextmanager
def beam_silent() -> Iterator[None]:
    """Drop what Beam logs while the block runs: advice, and its own account of an error that is raised as well."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    handlers = logging.root.handlers[:]
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.root.addFilter(_is_another)  # Beam logs some of it on the root
    try:
        yield
    finally:
        logging.root.removeFilter(_is_another)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.root.handlers[:] = handlers  # logging adds one itself where there is none


def _is_another(record: logging.LogRecord) -> bool:
    return "apache_beam" not in record.pathname


def _run_to_end(pipeline: Any) -> None:
    try:
        with deaths_interrupt() as deaths:
            pipeline.run().wait_until_finish()
    except (Exception, WorkerDied) as error:
        if deaths:
            raise RecsysError(DIED) from error
        raise _error_of_step(error) from error


def _error_of_step(error: BaseException) -> RecsysError:
    """The error of the step, out of what the runner wrapped around it."""
    if isinstance(error, RecsysError):
        return error
    text = str(error)
    if "Channel closed prematurely" in text:
        return RecsysError(DIED)
    found = _ERROR.findall(text[text.rfind("Traceback") :]) or _ERROR.findall(text)
    name, message = found[-1] if found else (type(error).__name__, text)
    message = _WHERE.sub("", message)
    kind = getattr(errors, name, RecsysError)
    if isinstance(kind, type) and issubclass(kind, RecsysError) and kind is not RecsysError:
        return kind(message.strip())
    return RecsysError(f"the pipeline stopped: {name}: {message.strip()}")
