"""Readers that go away, terminals that are not UTF-8, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.cli.streams import open_streams

RECSYS = [sys.executable, "-c", "import sys; from recsys.cli import main; sys.exit(main())"]
COMMANDS = (["--help"], ["init", "--reference"], ["rerank", "--help"], ["data", "synthetic", "--users=5", "--items=5",
            "--out=chain", "--json"])  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_goes_away_ends_the_command_quietly(arguments: list[str], tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*RECSYS, *arguments], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 141 or "--help" in arguments, "argparse says nothing of a help that nobody reads"


def test_a_table_whose_reader_is_gone_ends_quietly() -> None:
    program = """
import sys, types
from recsys.cli import main
command = types.ModuleType("recsys.cli.prepare", "A command.")
def run(args):
    from recsys.terminal import results
    results().print("x" * 100_000)
    return 0
command.add_arguments, command.run = lambda parser: None, run
sys.modules["recsys.cli.prepare"] = command
sys.exit(main(["prepare"]))
"""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
@pytest.mark.parametrize("arguments", COMMANDS)
def test_any_locale_will_do(settings: dict[str, str], arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run([*RECSYS, *arguments], capture_output=True, cwd=tmp_path, env={**os.environ, **settings})
    assert (done.returncode, done.stderr) == (0, b"")
    if settings != {"LC_ALL": "C"} and arguments == ["--help"]:
        assert b"event log -> dataset" in done.stdout


def test_tables_and_messages_of_any_text_on_an_ascii_terminal() -> None:
    program = """
from recsys.cli.streams import open_streams
open_streams()
from recsys.plain_table import PlainTable
from recsys.terminal import results, say
table = PlainTable("映画 →", title="[b]title[/x] :smile:", min_width=40)
table.add_row("Amélie 😀 \\ud800")
results().print(table)
say("größer … \\udcff")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0, done.stderr
    assert b"[b]title[/x] :smile:" in done.stdout
    assert b"Am\\xe9lie" in done.stdout
    assert b"->" in done.stdout
    assert b"gr\\xf6\\xdfer ... \\udcff" in done.stderr


def test_a_closed_stream_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    open_streams()
    print("nobody hears it")
    sys.stdout.close()


SAID = "recsys train: interrupted; the same command goes on from here"
RAISED = ("error", "RuntimeError('of a library')", "ImportError('half')", "OSError(5)")
INTERRUPTED = """
import sys, types, threading, time
from recsys.cli import main
command = types.ModuleType("recsys.cli.train", "A command.")
def run(args):
    def fail():
        time.sleep(0.2)
        raise RuntimeError("cut off")
    print("ready", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt as error:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        raise {raised} from error
    return 0
command.add_arguments, command.run = lambda parser: parser.set_defaults(progress={progress!r}), run
sys.modules["recsys.cli.train"] = command
sys.exit(main(["train"]))
"""


@pytest.mark.parametrize(
    ("raised", "progress", "expected"),
    [
        *((raised, "people", SAID) for raised in RAISED),
        ("error", "json", json.dumps({"code": 130, "error": SAID})),
    ],
)
def test_ctrl_c_is_one_line(raised: str, progress: str, expected: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(raised=raised, progress=progress)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, f"{expected}\n")
