"""Against S3's interface as moto serves it on this machine: the same bytes as on disk, whatever fails on the way."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.prepare import prepare
from recsys.artifacts.dataset import Dataset
from recsys.cli import main
from recsys.config import parse_config
from recsys.core.artifact import file_hashes
from recsys.core.local_path import place
from recsys.core.mirror import mirror_of
from recsys.core.schema import MANIFEST
from recsys.storage import transfer
from recsys.storage.copies import fetch, here
from recsys.storage.errors import StorageError
from recsys.storage.publishing import is_published
from tests.pipelines.conftest import parts, same  # noqa: F401
from tests.storage.conftest import Machine, stored
from tests.storage.faults import Fault, Proxy, proxied
from tests.storage.test_copies import publish_at

pytestmark = pytest.mark.slow

NAME = "a" * 32
TARGET = f"s3://bucket/our work/ü%2F/datasets/{NAME}"
FILES = [MANIFEST, "parts/ü 1", "stats"]


@pytest.fixture(scope="session")
def proxy() -> Iterator[Proxy]:
    """The way to the one store of all these tests."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with proxied(f"http://{host}:{port}") as proxy:
        yield proxy
    server.stop()


@pytest.fixture(autouse=True)
def bucket(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty bucket; what fails is tried again so seldom, and waited for so shortly, that a test takes seconds."""
    from fsspec.config import conf
    from s3fs import S3FileSystem

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    monkeypatch.setitem(conf, "s3", {"config_kwargs": {"read_timeout": 1, "retries": {"max_attempts": 1}}})
    monkeypatch.setattr(S3FileSystem, "retries", 2)
    system = S3FileSystem(use_listings_cache=False)
    if system.exists("bucket"):
        system.rm("bucket", recursive=True)
    system.mkdir("bucket")
    yield
    proxy.fault = None
    proxy.released.set()
    proxy.released = threading.Event()


@contextmanager
def failing(proxy: Proxy, fault: Fault) -> Iterator[None]:
    proxy.fault = fault
    yield
    proxy.fault = None


def test_the_same_bytes_as_on_disk(
    parts: Path,  # noqa: F811
    tmp_path: Path,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))
    system, name = transfer._remote(mirror_of("s3://bucket/logs"))
    for part in parts.iterdir():
        system.put_file(str(part), f"{name}/{part.name}")

    def make(log: str, work: str) -> Dataset:
        config = parse_config(
            {"data": {"path": log, "columns": {"event_id": "event_id"}}, "prepare": {"k_core": 1, "keep_events": True}}
        )
        return prepare(config, place(work)).artifact

    local = make(str(parts), str(tmp_path / "work"))
    remote = make("s3://bucket/logs/*.csv", "s3://bucket/w")
    same(local, remote)
    machine("second")
    fetched = Dataset(f"s3://bucket/w/datasets/{remote.path.name}").verify()
    assert fetched.path != remote.path
    assert file_hashes(fetched.path) == file_hashes(remote.path)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("503", "PUT", "stats", times=2),
        Fault("503", "PUT", MANIFEST, times=2),
        Fault("reset upload", "PUT", "stats", times=1),
        Fault("slow", "PUT", times=100),
    ],
    ids=lambda fault: f"{fault.kind} {fault.part}",
)
def test_sending_outlasts(fault: Fault, proxy: Proxy, machine: Machine) -> None:
    with failing(proxy, fault):
        made = publish_at(TARGET)
    assert fault.seen > min(fault.times, 2)
    machine("second")
    assert file_hashes(here(TARGET)) == file_hashes(made)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("503", "GET", "stats", times=2),
        Fault("reset download", "GET", "stats", times=1),
        Fault("slow", "GET", times=100),
    ],
    ids=lambda fault: fault.kind,
)
def test_fetching_outlasts(fault: Fault, proxy: Proxy, machine: Machine) -> None:
    made = publish_at(TARGET)
    machine("second")
    with failing(proxy, fault):
        assert file_hashes(here(TARGET)) == file_hashes(made)
    assert fault.seen > min(fault.times, 2)


def hidden_until_the_next_command_finishes_it(machine: Machine) -> None:
    assert MANIFEST not in stored(TARGET)
    machine("second")
    assert not fetch(mirror_of(TARGET))
    machine("first")
    assert is_published(mirror_of(TARGET))
    assert stored(TARGET) == FILES


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("403", "PUT", "stats"), "the store denies it .* need to list, read and write it"),
        (Fault("403", "PUT", MANIFEST), "the store denies it"),
        (Fault("503", "PUT", "stats"), "the store has failed .*SlowDown.* the same command goes on when it is back"),
        (Fault("hang", "PUT", "stats"), "the store has failed .*[Tt]imeout"),
    ],
    ids=lambda value: f"{value.kind} {value.part}" if isinstance(value, Fault) else "",
)
def test_what_fails_for_good_is_told_and_the_next_command_finishes_it(
    fault: Fault, said: str, proxy: Proxy, machine: Machine
) -> None:
    with failing(proxy, fault), pytest.raises(StorageError, match=f"our work/ü%2F/.*{said}"):
        publish_at(TARGET)
    hidden_until_the_next_command_finishes_it(machine)


@pytest.mark.parametrize("part", ["stats", MANIFEST])
def test_killed_while_it_sends(part: str, proxy: Proxy, machine: Machine, tmp_path: Path) -> None:
    code = f"from tests.storage.test_copies import publish_at; publish_at({TARGET!r})"
    fault = Fault("hang", "PUT", part)
    with failing(proxy, fault):
        sender = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
        while not fault.seen and sender.poll() is None:
            time.sleep(0.05)
        sender.send_signal(signal.SIGKILL)
        assert sender.wait() == -signal.SIGKILL
    hidden_until_the_next_command_finishes_it(machine)


@pytest.mark.parametrize(
    ("work", "unset", "said"),
    [
        ("s3://no-such-bucket/w", None, "there is no bucket s3://no-such-bucket; make it"),
        ("s3://bucket/w", "AWS_SECRET_ACCESS_KEY", "no credentials|[Pp]artial credentials"),
        ("gs://bucket/w", None, r"needs a driver that is not installed \(.*\): pip install gcsfs"),
    ],
)
def test_what_is_missing_is_named(
    work: str,
    unset: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if unset:
        monkeypatch.delenv(unset)
        monkeypatch.setenv("HOME", str(tmp_path))
        from s3fs import S3FileSystem

        S3FileSystem.clear_instance_cache()
    log = tmp_path / "log.csv"
    log.write_text("user_id,item_id,timestamp\na,b,1\na,c,2\na,d,3\n")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"data: {{path: {log}}}\nprepare: {{k_core: 1}}\n")
    assert main(["prepare", str(recipe), "--work-dir", work]) == 1
    told = capsys.readouterr().err
    assert re.search(said, told), told
    assert work in told
