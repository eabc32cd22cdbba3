"""The server of the web page, asked by hostile hands: no request ends it, and it gives nothing but what it serves."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "int8"


def start(bundle: Path) -> tuple["subprocess.Popen[str]", int]:
    if not shutil.which("node"):
        pytest.skip("needs Node.js: apt-get install nodejs")
    command = ["node", str(ROOT / "serving" / "web" / "server.mjs"), str(bundle), "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout is not None
    origin = server.stdout.readline().strip()
    assert origin.startswith("http://127.0.0.1:")
    return server, int(origin.strip("/").rpartition(":")[2])


def stop(server: "subprocess.Popen[str]") -> None:
    server.terminate()
    server.communicate(timeout=10)


@pytest.fixture
def port(copied: Path, tmp_path: Path) -> Iterator[int]:
    (tmp_path / "secret").write_text("kept for itself")
    (copied / "link").symlink_to(tmp_path / "secret")
    (copied / "up").symlink_to(tmp_path)
    (copied / "loop").symlink_to(copied / "loop")
    server, number = start(copied)
    yield number
    assert server.poll() is None, "a request ended the server"
    stop(server)


def ask(port: int, line: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    """Status and content of the answer to a raw request line, as no library would send it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, content


def test_a_bundle_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("needs Node.js: apt-get install nodejs")
    command = ["node", str(ROOT / "serving" / "web" / "server.mjs"), str(tmp_path / "nope"), "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no bundle here: expected a directory, as recsys export makes it" in done.stderr


def test_what_it_serves(port: int) -> None:
    assert ask(port, "GET /bundle/manifest.json") == (200, (GOLDEN / "manifest.json").read_bytes())
    assert ask(port, "GET /bundle/model.tflite?x=1") == (200, (GOLDEN / "model.tflite").read_bytes())
    assert ask(port, "GET /")[0] == 200
    assert ask(port, "HEAD /bundle/manifest.json") == (200, b"")
    assert ask(port, f"GET http://127.0.0.1:{port}/bundle/manifest.json")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/bundle/../secret",
        "/bundle/%2e%2e/secret",
        "/bundle/%2E%2e%2fsecret",
        "/bundle/..%2fsecret",
        "/bundle/..%5csecret",
        "/bundle/%252e%252e/secret",
        "/bundle//etc/passwd",
        "/bundle/%2fetc%2fpasswd",
        "//etc/passwd",
        "/bundle/link",
        "/bundle/up/secret",
        "/bundle/loop",
        "/bundle/",
        "/bundle",
        "/bundle/manifest.json/x",
        "/bundle/manifest.json%00.html",
        "/bundle/%",
        "/bundle/%zz",
        "/%e0%a4%a",
        "/bundle/%ff",
        "/bundle/" + "x" * 8000,
        "/server.mjs",
        "/package.json",
        "/dist/../server.mjs",
        "/test/browser.mjs",
        "http://[",
        "*",
        "http://127.0.0.1:99999999/",
    ],
)
def test_what_it_does_not(port: int, path: str) -> None:
    status, content = ask(port, f"GET {path}")
    assert status in (400, 404), content
    assert b"kept for itself" not in content
    assert b"root:" not in content
    assert ask(port, "GET /bundle/manifest.json")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(port: int, method: str) -> None:
    assert ask(port, f"{method} /bundle/manifest.json")[0] == 405


def test_another_sites_name_for_this_machine_is_refused(port: int) -> None:
    assert ask(port, "GET /bundle/manifest.json", host=f"attacker.example:{port}")[0] == 421
    assert ask(port, "GET /bundle/manifest.json", host=f"localhost:{port}")[0] == 200


def test_what_is_no_http_ends_nothing(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x00 not http\r\n\r\n")
        connection.recv(1000)
    assert ask(port, "GET /bundle/manifest.json")[0] == 200


def test_a_file_that_cannot_be_read_is_one_requests_error() -> None:
    """A process's memory is a file in which nothing can be read at 0, not even by root."""
    server, port = start(Path("/proc/self"))
    assert ask(port, "GET /bundle/mem") == (500, b"the file cannot be read\n")
    assert ask(port, "GET /bundle/cmdline")[0] == 200
    assert server.poll() is None
    stop(server)


def test_it_listens_on_the_loopback_interface_only(port: int) -> None:
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_port_that_is_taken_is_said(port: int) -> None:
    command = ["node", str(ROOT / "serving" / "web" / "server.mjs"), str(GOLDEN), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "EADDRINUSE" in done.stderr
