"""Arguments that several commands share."""

import argparse

import pytest

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
