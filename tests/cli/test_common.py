"""Arguments that several commands share."""

import argparse
from pathlib import Path

import pytest

from recsys.cli import main
from recsys.cli.common import add_store, seeds, store_arguments, tracking_of
from recsys.config.tracking import TrackingConfig


@pytest.mark.parametrize(
    ("tracking", "arguments"),
    [
        (TrackingConfig(), []),
        (TrackingConfig(uri="http://127.0.0.1:5000"), ["--tracking-uri", "http://127.0.0.1:5000"]),
        (TrackingConfig(experiment="night shift"), ["--experiment", "night shift"]),
        (
            TrackingConfig(uri="sqlite:///a.db", experiment="b"),
            ["--tracking-uri", "sqlite:///a.db", "--experiment", "b"],
        ),
    ],
)
def test_a_store_is_named_by_what_differs_and_read_back(tracking: TrackingConfig, arguments: list[str]) -> None:
    assert store_arguments(tracking) == arguments
    parser = argparse.ArgumentParser()
    add_store(parser)
    assert tracking_of(parser.parse_args(arguments)) == tracking


@pytest.mark.parametrize(("text", "why"), [("-1", "from 0 to"), (str(2**31), "from 0 to"), ("1,1", "stands twice")])
def test_seeds_that_cannot_be_are_refused(text: str, why: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=why):
        seeds(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["prepare", "c.yaml", "--work-dir", "dbfs:/w"],
        ["prepare", "c.yaml", "--extend", "https://h/d"],
        ["prepare", "c.yaml", "--against=file:///d"],
        ["prepare", "c.yaml", "--forget", "https://h/users"],
        ["prepare", "gs://b/c.yaml"],
        ["run", "c.yaml", "--dataset", "abfss://c@a/d"],
        ["data", "synthetic", "--users=2", "--items=2", "--out", "gs://b/o"],
        ["data", "fetch", "movielens-100k", "--work-dir", "gs://b/o"],
        ["init", "gs://b/log.csv"],
        ["init", "log.csv", "--out", "gs://b/log.yaml"],
        ["bundle", "apply", "old", "delta", "--out", "gs://b/new"],
        ["compare", "--html", "gs://b/page.html"],
    ],
)
def test_urls_are_refused_where_no_store_is_read_or_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "is a URL" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
