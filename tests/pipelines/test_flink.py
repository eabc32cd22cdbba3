"""The same bytes and counts on Flink 1.20, in its own process and on a cluster."""

import time
from pathlib import Path

import pytest

from pipelines.runners import Exchange, Runner
from tests.pipelines.conftest import SETTINGS, same
from tests.pipelines.flink import JAVA_17, cluster, fetch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # When the engine ends, channels close that threads of Beam's still read; what the job gave is compared here.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def job_server(tmp_path_factory) -> Path:
    return fetch(tmp_path_factory.mktemp("flink"))


@pytest.fixture(autouse=True)
def threads_end_here():
    """Beam's threads notice a moment later that the engine is gone: not in somebody else's test."""
    yield
    time.sleep(3)


def flink(job_server: Path, master: str, exchange: Exchange = "engine") -> Runner:
    options = (
        "--flink_version=1.20",
        f"--flink_job_server_jar={job_server}",
        f"--flink_master={master}",
        "--environment_type=LOOPBACK",
        "--parallelism=2",
        *(f"--job_server_jvm_property={flag}" for flag in JAVA_17),
    )
    return Runner("FlinkRunner", options=options, exchange=exchange)


def test_embedded(tmp_path, make, parts, job_server):
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    runner = flink(job_server, "[local]", "files")
    same(make(parts, work=tmp_path / "other", runner=runner, **SETTINGS), alone)


def test_standalone(tmp_path, make, parts, job_server):
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    with cluster(job_server.parent, tmp_path / "cluster") as master:
        same(make(parts, work=tmp_path / "other", runner=flink(job_server, master), **SETTINGS), alone)
