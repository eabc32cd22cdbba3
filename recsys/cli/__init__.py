"""``recsys``: one command a step. A command's module is imported only when it is called."""

import argparse
import importlib
import sys
from typing import Protocol, cast

from recsys import __version__
from recsys.cli.ids import shielded
from recsys.cli.interrupt import EXIT_INTERRUPTED, interruptible
from recsys.cli.streams import drop_gone_readers, flush, open_streams
from recsys.core.errors import RecsysError
from recsys.core.mirror import with_urls
from recsys.packages import OWN_PACKAGES, own_packages
from recsys.terminal import for_programs, json_line, tell_programs

EXIT_FAILED, EXIT_NO_READER = 1, 141  # as a program that SIGPIPE ends

# In the order in which data flows; each is the module recsys.cli.NAME.
COMMANDS = {
    "run": "the whole way: fetch, prepare, train, evaluate, export, rerank",
    "init": "look at a log and write a config for it",
    "data": "fetch a data set by name, or make a synthetic one",
    "prepare": "event log → dataset (Beam)",
    "train": "dataset → run (TensorFlow, TFRS)",
    "evaluate": "a run's metrics beside its baselines",
    "compare": "runs side by side, with intervals and significance",
    "sweep": "search over config fields",
    "ablate": "what each piece of a recipe brings",
    "promote": "move the registry's champion through a gate, or roll it back",
    "export": "run → bundles (TFLite)",
    "bundle": "inspect, verify or compare bundles",
    "score": "top candidates for every user (Beam)",
    "similar": "the items nearest to one, by what a run has learned",
    "explain": "why items are ranked where they are, by event and by feature",
    "rerank": "order candidates through a bundle, as a phone does",
}
# Which install sets (see setup.py) hold all that a command may need; the others need the base install alone.
EXTRAS = {
    "run": "all",
    "init": "pipelines",
    "data": "pipelines",
    "prepare": "pipelines",
    "train": "all",
    "evaluate": "training",
    "compare": "tracking",
    "sweep": "all",
    "ablate": "all",
    "promote": "all",
    "export": "all",
    "bundle": "training,signing",
    "score": "all",
    "similar": "training",
    "explain": "training",
}


class Command(Protocol):
    """What a command's module holds. Its docstring is its help."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit code."""


def _load(name: str) -> Command:
    return cast(Command, importlib.import_module(f"recsys.cli.{name}"))


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(["commands:", *lines, "", "recsys COMMAND --help teaches each one."])


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns 0 done, 1 failed, 2 bad usage or config, 3 bad data, 130 interrupted, 141 no reader."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    called = " ".join(["recsys", *(name for name in arguments[:1] if name in COMMANDS)])
    stopped = f"{called}: interrupted; the same command goes on from here"
    open_streams()
    with interruptible(stopped) as interrupt:
        try:
            try:
                return _run(arguments)
            finally:
                flush()
        except BaseException as error:
            if interrupt.asked or isinstance(error, KeyboardInterrupt):
                _tell(stopped, EXIT_INTERRUPTED)
                return EXIT_INTERRUPTED
            if isinstance(error, OSError) and drop_gone_readers():
                return EXIT_NO_READER
            return _told(called, error)
        finally:
            tell_programs(False)


def _told(called: str, error: BaseException) -> int:
    """Say what a person can mend, and how the command ends; what is a bug is raised."""
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRAS.get(called.partition(" ")[2])
        if extra is None or (error.name or "").partition(".")[0] in OWN_PACKAGES:
            raise error
        message, code = f"needs {error.name}: pip install '.[{extra}]' in a checkout", EXIT_FAILED
    elif isinstance(error, RecsysError):
        message, code = str(error), error.exit_code
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        message, code = f"{where}{error.strerror or error}", EXIT_FAILED
    else:
        raise error
    _tell(message if for_programs() else f"{called}: {message}", code)
    return code


def _tell(message: str, code: int) -> None:
    """How a command ended, as whoever started it wants to read it."""
    if for_programs():
        json_line(error=message, code=code)
    else:
        print(with_urls(message), file=sys.stderr)  # noqa: T201


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="recsys",
        description="From an event log to a ranking model on the phone.",
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS)
    known = parser.parse_args(arguments[:1] or ["--help"])
    own_packages()
    command = _load(known.command)
    own = argparse.ArgumentParser(
        prog=f"recsys {known.command}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(own)
    args = own.parse_args(shielded(own, arguments[1:]))
    tell_programs(getattr(args, "progress", "people") == "json")
    return command.run(args)
