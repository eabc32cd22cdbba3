"""The same bytes and counts on Flink 1.20, in its own process and on a cluster whose workers share only a store."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.runners import Exchange, Runner
from recsys.core.local_path import place
from tests.pipelines.conftest import SETTINGS, same
from tests.pipelines.engines.conftest import MARKS
from tests.pipelines.engines.flink import Machine, cluster
from tests.pipelines.engines.job_server import JAVA_17
from tests.pipelines.s3 import s3_server

ENGINE = "Flink"
pytestmark = MARKS


def flink(job_server: Path, master: str, environment: Sequence[str], exchange: Exchange | None = None) -> Runner:
    options = (
        "--flink_version=1.20",
        f"--flink_job_server_jar={job_server}",
        f"--flink_master={master}",
        "--parallelism=2",
        *environment,
        *(f"--job_server_jvm_property={flag}" for flag in JAVA_17),
    )
    return Runner("FlinkRunner", options=options, exchange=exchange)


def test_embedded(tmp_path, make, parts, job_server):
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    runner = flink(job_server, "[local]", ["--environment_type=LOOPBACK"], "files")
    same(make(parts, work=tmp_path / "other", runner=runner, **SETTINGS), alone)


def test_a_cluster_whose_workers_share_nothing_but_a_store(tmp_path, make, parts, job_server, monkeypatch):
    """Each worker stands in a mount namespace, where the launcher's and the other's folders are empty."""
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    launcher, folders = tmp_path / "launcher", [tmp_path / "machine0", tmp_path / "machine1"]
    launcher.mkdir()
    parts.rename(launcher / "log")
    monkeypatch.setenv("RECSYS_CACHE", str(launcher / "cache"))
    monkeypatch.setattr("pipelines.engine_exchange.ROUNDS", 2)  # each takes Flink seconds, and this log one
    boot = tmp_path / "boot.sh"
    boot.write_text(f'#!/bin/sh\nexec {sys.executable} -P {Path(__file__).with_name("sdk_boot.py")} "$@"\n')
    boot.chmod(0o755)
    environment = [
        "--environment_type=PROCESS",
        "--environment_cache_millis=60000",
        f'--environment_config={{"command": "{boot}"}}',
    ]
    for folder in folders:
        folder.mkdir()
    machines = [Machine(one, (launcher, tmp_path / "one", other)) for one, other in (folders, folders[::-1])]
    with s3_server(monkeypatch) as system, cluster(job_server.parent, tmp_path / "cluster", machines) as master:
        system.mkdir("cluster")  # Moto keeps the buckets of a process, whatever server is asked
        system.put(str(launcher / "log"), "cluster/", recursive=True)
        runner = flink(job_server, master, environment)
        same(make("s3://cluster/log", work=place("s3://cluster/work"), runner=runner, **SETTINGS), alone)
        (target,) = system.ls("cluster/work/datasets")
        assert not target.rpartition("/")[2].startswith(".")
