"""Standard error without the noise, and with everything else."""

import json
import os
from collections.abc import Iterator

import pytest

from recsys.terminal import ProgressLines, hushed, say, tell_programs


def test_noise_is_dropped_and_the_rest_comes_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with hushed("of no use", "nor this"):
        os.write(2, b"I0000 a line of no use\nW0000 a line that matters\n")
        os.write(2, b"something else, nor this\n")
        assert capfd.readouterr().err == ""
    assert capfd.readouterr().err == "W0000 a line that matters\n"
    os.write(2, b"I0000 a line of no use\n")
    assert capfd.readouterr().err == "I0000 a line of no use\n"


def test_an_error_inside_still_shows_what_was_said(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with hushed("noise"):
            os.write(2, b"why it failed\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert capfd.readouterr().err == "why it failed\n"


def test_messages_go_to_standard_error_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold] of " + "x" * 200)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "[bold] of " + "x" * 200 + "\n"


@pytest.fixture
def programs() -> Iterator[None]:
    tell_programs(True)
    yield
    tell_programs(False)


def test_programs_have_a_step_s_first_and_last_line_and_few_between(
    programs: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.25, 0.5, 1.0, 1.5, 1.75, 2.0])  # when it is made, and at each call
    monkeypatch.setattr("recsys.terminal.time.monotonic", lambda: next(clock))
    lines = ProgressLines("prepare")
    for done in (1, 2, 3, 4, 5, 5):
        lines("clean", done, 5, rows=10 * done)
    lines.counts(events=50)
    say("all is well")
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    shown = [(one["done"], one["rows"], one["seconds"]) for one in told[:-2]]
    assert shown == [(1, 10, 0.2), (4, 40, 1.5), (5, 50, 1.8)]
    assert {(one["stage"], one["step"], one["total"]) for one in told[:-2]} == {("prepare", "clean", 5)}
    assert told[-2:] == [{"stage": "prepare", "counts": {"events": 50}}, {"message": "all is well"}]


def test_a_log_has_a_line_a_minute(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 200, 20))
    monkeypatch.setattr("recsys.terminal.time.monotonic", lambda: float(next(clock)))
    lines = ProgressLines("score")
    for done in range(1, 8):
        lines("rank", done, 1000)
    lines.counts(lists=7)
    assert capsys.readouterr().err == "score: rank, 3 of 1,000\nscore: rank, 6 of 1,000\n"
