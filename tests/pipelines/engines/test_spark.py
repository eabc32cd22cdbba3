"""The same bytes and counts on Spark 3, by the engine's exchange: Beam's job server with the Spark that it embeds."""

from pipelines.runners import Runner
from tests.pipelines.conftest import SETTINGS, same
from tests.pipelines.engines.conftest import MARKS
from tests.pipelines.engines.job_server import JAVA_17

ENGINE = "Spark"
pytestmark = MARKS


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
