"""The same bytes and counts on Spark 3, by the engine's exchange: Beam's job server with the Spark that it embeds."""

import time
from pathlib import Path

import pytest

from pipelines.runners import Runner
from tests.pipelines.conftest import SETTINGS, same
from tests.pipelines.job_server import JAVA_17, fetch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # When the engine ends, channels close that threads of Beam's still read; what the job gave is compared here.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def job_server(tmp_path_factory) -> Path:
    return fetch(tmp_path_factory.mktemp("spark"), "Spark")


@pytest.fixture(autouse=True)
def threads_end_here():
    """Beam's threads notice a moment later that the engine is gone: not in somebody else's test."""
    yield
    time.sleep(3)


def test_embedded(tmp_path, make, parts, job_server, monkeypatch):
    """One process and files, or Spark's executors, two at a time, and its shuffle."""
    monkeypatch.setattr("pipelines.engine_exchange.ROUNDS", 2)  # so that a second pipeline takes what the first left
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    options = (
        "--spark_master_url=local[2]",
        f"--spark_job_server_jar={job_server}",
        "--environment_type=LOOPBACK",
        *(f"--job_server_jvm_property={flag}" for flag in JAVA_17),
    )
    runner = Runner("SparkRunner", options=options)
    assert runner.exchange_taken == "engine"
    same(make(parts, work=tmp_path / "other", runner=runner, **SETTINGS), alone)
