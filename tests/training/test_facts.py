"""What a run's manifest says of how it came to be."""

import pytest

from recsys.training.facts import command_line


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/opt/bin/recsys", "train", "my shop.yaml", "--seeds", "1,2"], "recsys train 'my shop.yaml' --seeds 1,2"),
        (["/lib/recsys/__main__.py", "run", "a.yaml"], "recsys run a.yaml"),
        (["-c"], "-c"),
        ([], "python"),
        (
            ["recsys", "train", "a.yaml", "--set", "tracking.uri=postgresql://me:pa55word@db/mlflow"],
            "recsys train a.yaml --set 'tracking.uri=postgresql://***@db/mlflow'",
        ),
    ],
)
def test_the_command_is_what_a_shell_takes_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], expected: str
) -> None:
    monkeypatch.setattr("sys.argv", argv)
    assert command_line() == expected
