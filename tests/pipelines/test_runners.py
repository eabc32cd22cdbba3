"""One program, many runners: the same bytes and the same counts."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.runners import Runner
from recsys.data.dataset import Dataset
from tests.pipelines.conftest import write_log
from tests.pipelines.test_prepare import random_rows

pytestmark = pytest.mark.slow
FLINK = "org.apache.beam:beam-runners-flink-1.20-job-server:2.77.0"
JAVA_17 = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.nio", "sun.nio.ch")
]
SETTINGS = {"k_core": 3, "events_per_shard": 50, "drop_repeats": True, "keep_events": True}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    rows = random_rows(11)
    rows[7] = ("u", "", 1, 7)
    for part in range(3):
        write_log(folder / f"{part}.csv", rows[part::3])
    return folder


def same(one: Dataset, other: Dataset) -> None:
    kept = [
        {name: sha for name, sha in dataset.manifest["files"].items() if not name.startswith(("rejects", "report"))}
        for dataset in (one, other)
    ]
    assert kept[0] == kept[1]
    assert one.counts == other.counts
    assert one.counts["rejected"] == {"missing item_id": 1}


@pytest.fixture(scope="session")
def flink_jar() -> str:
    """Beam's job server for Flink, from Maven."""
    if not shutil.which("java") or not shutil.which("mvn"):
        pytest.skip("Flink needs Java and Maven, which are not both installed")
    subprocess.run(["mvn", "-q", "-B", "dependency:get", f"-Dartifact={FLINK}", "-Dtransitive=false"], check=False)
    group, name, version = FLINK.split(":")
    jar = Path.home() / ".m2/repository" / group.replace(".", "/") / name / version / f"{name}-{version}.jar"
    if not jar.exists():
        pytest.skip(f"Maven could not fetch {FLINK}")
    return str(jar)


def test_several_processes(tmp_path, make, log):
    alone = make(log, work=tmp_path / "one", runner=Runner(workers=1), **SETTINGS)
    same(make(log, work=tmp_path / "two", runner=Runner(workers=2), **SETTINGS), alone)


def test_a_portable_job_service(tmp_path, make, log):
    """The same path that remote engines take: a serialised pipeline, and workers behind a socket."""
    options = ("--job_endpoint=embed", "--environment_type=LOOPBACK")
    alone = make(log, work=tmp_path / "one", **SETTINGS)
    same(make(log, work=tmp_path / "other", runner=Runner("PortableRunner", options=options), **SETTINGS), alone)


@pytest.mark.timeout(600)
def test_flink(tmp_path, make, log, flink_jar):
    options = (
        "--flink_version=1.20",
        f"--flink_job_server_jar={flink_jar}",
        "--flink_master=[local]",
        "--environment_type=LOOPBACK",
        "--parallelism=2",
        *(f"--job_server_jvm_property={flag}" for flag in JAVA_17),
    )
    alone = make(log, work=tmp_path / "one", **SETTINGS)
    same(make(log, work=tmp_path / "other", runner=Runner("FlinkRunner", options=options), **SETTINGS), alone)
