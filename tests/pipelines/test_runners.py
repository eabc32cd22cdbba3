"""One program, many runners: the same bytes and the same counts."""

import logging
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from pipelines.deaths import WorkerDied, deaths_interrupt
from pipelines.runners import WORKER, Runner, run
from recsys.core.errors import ConfigError, DataError
from tests.pipelines.conftest import SETTINGS, same, write_log

RECSYS = "import sys; from recsys.cli import main; sys.exit(main())"


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("FlinkRuner", (), "expected local or one that Beam knows, .*FlinkRunner"),
        ("local", ("flink",), "expected an option of Beam's"),
        ("local", ("--runner=FlinkRunner",), "--runner names the runner"),
    ],
)
def test_what_beam_could_not_take_is_refused_at_once(name, options, reason):
    with pytest.raises(ConfigError, match=reason):
        Runner(name, options=options)


def test_workers_are_refused_for_a_runner_that_does_not_read_them():
    with pytest.raises(ConfigError, match=r"--workers 4 .* --runner FlinkRunner"):
        Runner("FlinkRunner", workers=4)
    assert Runner("FlinkRunner").workers is None
    assert Runner("local", workers=4).workers == 4


def test_only_beam_is_silent_and_only_while_it_runs(caplog):
    before = {name: logging.getLogger(name).level for name in ("apache_beam", "grpc")}
    handlers, hook = logging.root.handlers[:], threading.excepthook

    def build(_):
        logging.getLogger("apache_beam.runners").critical("of the diary")
        logging.getLogger("mine").warning("of the caller")
        raise DataError("no such step")

    with pytest.raises(DataError, match="no such step"):
        run(build, Runner(), 1)
    assert [record.getMessage() for record in caplog.records] == ["of the caller"]
    assert {name: logging.getLogger(name).level for name in before} == before
    assert (logging.root.handlers, logging.root.manager.disable) == (handlers, logging.NOTSET)
    assert threading.excepthook is hook


def test_a_death_reaches_the_main_thread_and_nothing_stays():
    handler, hook = signal.getsignal(signal.SIGUSR1), threading.excepthook

    def die():
        raise RuntimeError("Worker subprocess exited with return code 1")

    def wait():
        with deaths_interrupt() as deaths:
            told.append(deaths)
            threading.Thread(target=die).start()
            threading.Event().wait(60)

    told: list[list[str]] = []
    with pytest.raises(WorkerDied):
        wait()
    assert told == [["Worker subprocess exited with return code 1"]]
    assert (signal.getsignal(signal.SIGUSR1), threading.excepthook) == (handler, hook)


@pytest.mark.long
@pytest.mark.parametrize("name", ["queue.py", "pipelines/__init__.py", "recsys.py", "signal.py"])
def test_workers_take_nothing_from_the_current_directory(name, tmp_path):
    log = write_log(tmp_path / "log.csv", (("u1", f"i{n}", n, n) for n in range(20)))
    config = config_file(tmp_path, log)
    mine = tmp_path / "mine" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("raise SystemExit('mine')")
    command = [sys.executable, "-P", "-c", RECSYS, "prepare", str(config), "--work-dir", "work", "--workers", "2"]
    command += ["--set", "prepare.k_core=1"]
    ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path / "mine")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_several_processes(tmp_path, make, parts):
    alone = make(parts, work=tmp_path / "one", runner=Runner(workers=1), **SETTINGS)
    same(make(parts, work=tmp_path / "two", runner=Runner(workers=2), **SETTINGS), alone)


@pytest.mark.slow
def test_a_portable_job_service(tmp_path, make, parts):
    """The same path that remote engines take: a serialized pipeline, and workers behind a socket."""
    options = ("--job_endpoint=embed", "--environment_type=LOOPBACK")
    alone = make(parts, work=tmp_path / "one", **SETTINGS)
    same(make(parts, work=tmp_path / "other", runner=Runner("PortableRunner", options=options), **SETTINGS), alone)


def config_file(folder: Path, log: Path) -> Path:
    path = folder / "config.yaml"
    path.write_text(f"data: {{path: {log}, columns: {{event_id: event_id}}}}\n")
    return path


@pytest.mark.slow
def test_a_killed_worker_is_told_and_leaves_nothing(tmp_path):
    log = tmp_path / "log.csv"
    write_log(log, ((f"u{n % 9999}", f"i{n % 777}", n, n) for n in range(3_000_000)))
    work = tmp_path / "work"
    command = [sys.executable, "-c", RECSYS, "prepare", str(config_file(tmp_path, log)), "--work-dir", str(work)]
    process = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.PIPE, text=True)
    workers: list[psutil.Process] = []
    while not workers:
        assert process.poll() is None
        if list(work.glob("datasets/.*/.spill/blocks/0*")):
            family = psutil.Process(process.pid).children(recursive=True)
            workers = [one for one in family if str(WORKER) in one.cmdline() and one.name() != "sh"]
        time.sleep(0.01)
    workers[0].kill()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "a worker process died" in errors.splitlines()[-1]
    assert not list((work / "datasets").iterdir())


@pytest.mark.slow
def test_a_disk_that_fills_up_is_told_and_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs the right to mount")
    try:
        log = tmp_path / "log.csv"
        write_log(log, ((f"u{n % 999}", f"i{n % 777}", n, n) for n in range(200_000)))
        command = [sys.executable, "-c", RECSYS, "prepare", str(config_file(tmp_path, log)), "--work-dir", str(disk)]
        ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        assert ran.returncode == 1
        assert "No space left on device" in ran.stderr.splitlines()[-1]
        assert not list((disk / "datasets").iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)
