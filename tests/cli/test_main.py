"""The command line itself: what it lists, how errors become exit codes."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

import pytest

from recsys.cli import COMMANDS, EXTRAS, main
from recsys.core.errors import ArtifactError, ConfigError, DataError, RecsysError


def install(monkeypatch: pytest.MonkeyPatch, raised: BaseException | None, name: str = "prepare") -> None:
    """Put a command in place that raises ``raised``, or ends well."""
    command = ModuleType(f"recsys.cli.{name}", "A command.")

    def run(args: argparse.Namespace) -> int:
        if raised is not None:
            raise raised
        return 0

    command.add_arguments = lambda parser: None  # type: ignore[attr-defined]
    command.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"recsys.cli.{name}", command)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"  {name} " in printed for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert f"recsys {name}" in printed.split("usage:")[1]
    assert f"\n  recsys {name}" in printed.replace("\n    recsys", "\n  recsys"), "the help shows an example"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (None, 0),
        (RecsysError("it failed"), 1),
        (ConfigError("bad key"), 2),
        (DataError("bad row"), 3),
        (ArtifactError("damaged"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(
    raised: BaseException | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, raised)
    assert main(["prepare"]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    if raised is not None:
        assert printed.err.startswith("recsys prepare: ")
        assert str(raised) in printed.err


@pytest.mark.parametrize(
    ("name", "extra"), [("prepare", "pipelines"), ("train", "all"), ("evaluate", "training"), ("compare", "tracking")]
)
def test_a_missing_package_names_all_that_the_command_needs(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, ModuleNotFoundError("No module named 'pydantic'", name="pydantic.fields"), name)
    assert main([name]) == 1
    assert f"recsys {name}: needs pydantic.fields: pip install '.[{extra}]'" in capsys.readouterr().err


def test_the_install_sets_that_are_named_are_there() -> None:
    setup = (Path(__file__).parents[2] / "setup.py").read_text()
    named = {extra for extras in EXTRAS.values() for extra in extras.split(",")}
    assert all(f'"{extra}": [' in setup or f'EXTRAS["{extra}"] = ' in setup for extra in named)
    assert EXTRAS.keys() <= COMMANDS.keys()


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ModuleNotFoundError("No module named 'recsys.typo'", name="recsys.typo"))
    with pytest.raises(ModuleNotFoundError):
        main(["prepare"])


def test_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["fly"])
    assert stopped.value.code == 2
