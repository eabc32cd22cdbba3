"""Flink 1.20 on this machine: a cluster of its own, out of the jars of Beam's job server."""

import json
import os
import shlex
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.pipelines.engines.job_server import JAVA_17

MASTER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
WORKER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# Flink's own start script works these sizes out.
SIZES = {
    "taskmanager.cpu.cores": "2",
    "taskmanager.numberOfTaskSlots": "2",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.heap.size": "512m",
    "taskmanager.memory.task.off-heap.size": "0m",
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.managed.size": "128m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}


@dataclass(frozen=True)
class Machine:
    """Where a task manager runs with one slot: own directories, and no view of others' where the system allows that.

    Attributes:
        folder: its current directory, home, cache and temporary directory.
        hidden: folders that are empty there.
    """

    folder: Path
    hidden: tuple[Path, ...]

    def start(self, command: list[str], output: IO[str]) -> "subprocess.Popen[bytes]":
        """Run a command there."""
        (self.folder / "tmp").mkdir(parents=True)
        own = {"HOME": self.folder, "TMPDIR": self.folder / "tmp", "RECSYS_CACHE": self.folder / "cache"}
        environment = os.environ | {name: str(path) for name, path in own.items()}
        if not subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
            hide = "".join(f"mount -t tmpfs none {shlex.quote(str(path))} && " for path in self.hidden)
            command = ["unshare", "-m", "sh", "-c", f'{hide} exec "$@"', "sh", *command]
        return subprocess.Popen(command, env=environment, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT)


@contextmanager
def cluster(jars: Path, folder: Path, machines: Sequence[Machine] = ()) -> Iterator[str]:
    """A job manager and task managers on loopback, out of the jars in ``jars``; yields the REST address.

    Args:
        machines: of the task managers, one each; without any there is one, with two slots.
    """
    rpc, rest = _free_port(), _free_port()
    settings = {
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": rpc,
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
        "rest.port": rest,
        "taskmanager.host": "localhost",
        "taskmanager.bind-host": "localhost",
        "jobmanager.bind-host": "localhost",
        "classloader.resolve-order": "parent-first",  # a job brings the same jars again
        "io.tmp.dirs": folder / "tmp",
        **SIZES,
    }
    (folder / "conf").mkdir(parents=True)
    (folder / "tmp").mkdir()
    (folder / "conf" / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    with ExitStack() as stack:
        processes = []
        for number, (main, machine) in enumerate([(MASTER, None), *((WORKER, one) for one in machines or (None,))]):
            output = stack.enter_context((folder / f"{number}.{main}.log").open("w"))
            command = ["java", *JAVA_17, "-cp", f"{jars}/*", main, "--configDir", str(folder / "conf")]
            if machine is None:
                process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            else:
                own = ["-D", "taskmanager.numberOfTaskSlots=1", "-D", f"io.tmp.dirs={machine.folder / 'tmp'}"]
                process = machine.start([*command, *own], output)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        _wait_for_slots(f"http://localhost:{rest}/overview", processes, folder, len(machines) or 2)
        yield f"localhost:{rest}"


def _wait_for_slots(overview: str, processes: list["subprocess.Popen[bytes]"], folder: Path, slots: int) -> None:
    for _ in range(600):
        if any(one.poll() is not None for one in processes):
            break
        try:
            with urllib.request.urlopen(overview, timeout=5) as answer:
                if json.load(answer)["slots-available"] == slots:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    logs = {log.name: log.read_text()[-2000:] for log in folder.glob("*.log")}
    raise RuntimeError(f"Flink's cluster did not come up: {logs}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])
