"""Where a pipeline runs, and what is told when it fails."""

import logging
import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from recsys import errors
from recsys.errors import ConfigError, RecsysError

LOCAL = "local"
DIED = "a worker process died (killed, or out of memory); nothing was left behind, run it again"
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

    Raises:
        ConfigError: ``workers`` for a runner that is not the local one.
    """

    name: str = LOCAL
    workers: int | None = None
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.workers is not None and self.name != LOCAL:
            raise ConfigError(
                f"--workers {self.workers} counts processes of the local runner, found --runner {self.name}: "
                "leave it out, and set the runner's own parallelism with --beam-option"
            )


def run(build: Callable[[Any], None], runner: Runner, rows: int) -> None:
    """Build a pipeline and run it to its end.

    Args:
        build: adds the transforms to an empty pipeline.
        rows: the size of the job.

    Raises:
        RecsysError: a step failed; an error of ``recsys.errors`` keeps its kind through the runner.
    """
    logging.disable(logging.CRITICAL)  # Beam's advice, and its own account of an error that is raised as well
    try:
        pipeline = _pipeline(runner, rows)
        build(pipeline)
        _run_to_end(pipeline)
    finally:
        logging.disable(logging.NOTSET)


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
    command = f"{shlex.quote(sys.executable)} -m pipelines.worker"
    environment = (
        EmbeddedPythonEnvironment.default()
        if workers == 1
        else SubprocessSDKEnvironment.from_command_string(command_string=command)
    )
    options = PipelineOptions([f"--direct_num_workers={workers}", *runner.options])
    return Pipeline(runner=FnApiRunner(environment), options=options)


def _run_to_end(pipeline: Any) -> None:
    try:
        with _deaths_interrupt() as deaths:
            pipeline.run().wait_until_finish()
    except (Exception, KeyboardInterrupt) as error:
        if deaths:
            raise RecsysError(DIED) from error
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _told(error) from error


@contextmanager
def _deaths_interrupt() -> Iterator[list[str]]:
    """Interrupt the main thread when a worker process dies: Beam notices in a thread of its own, and may wait on.

    Yields a list, which then holds what Beam said.
    """
    deaths: list[str] = []
    before = threading.excepthook

    def hook(told: threading.ExceptHookArgs) -> None:
        if "Worker subprocess exited" not in str(told.exc_value):
            before(told)
        elif not deaths:
            deaths.append(str(told.exc_value))
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.excepthook = hook
    try:
        yield deaths
    finally:
        threading.excepthook = before


def _told(error: BaseException) -> RecsysError:
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
