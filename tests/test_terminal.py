"""Standard error without the noise, and with everything else."""

import os

import pytest

from recsys.terminal import hushed, say


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
