"""The command line itself: what it lists, how errors become exit codes."""

import argparse
import sys
from types import ModuleType

import pytest

from recsys.cli import COMMANDS, main
from recsys.errors import ArtefactError, ConfigError, DataError, RecsysError


def install(monkeypatch: pytest.MonkeyPatch, raised: BaseException | None) -> None:
    """Put a ``prepare`` command in place that raises ``raised``, or ends well."""
    command = ModuleType("recsys.cli.prepare", "A command.")

    def run(args: argparse.Namespace) -> int:
        if raised is not None:
            raise raised
        return 0

    command.add_arguments = lambda parser: None  # type: ignore[attr-defined]
    command.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "recsys.cli.prepare", command)


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
        (ArtefactError("damaged"), 3),
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


def test_a_missing_package_names_its_install_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, ModuleNotFoundError("No module named 'mlflow'", name="mlflow.tracking"))
    assert main(["prepare"]) == 1
    assert "needs mlflow.tracking: pip install '.[tracking]'" in capsys.readouterr().err


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ModuleNotFoundError("No module named 'recsys.typo'", name="recsys.typo"))
    with pytest.raises(ModuleNotFoundError):
        main(["prepare"])


def test_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["fly"])
    assert stopped.value.code == 2
