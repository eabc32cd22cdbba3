"""What may stand where a path is expected."""

from pathlib import Path

import pytest

from recsys.core.local_path import local_path, place
from recsys.core.mirror import CACHE_VARIABLE, mirror_of, url_of, with_urls


@pytest.mark.parametrize(
    "text",
    [
        "work",
        "a b/c%20d",
        "/abs/é#?.csv",
        "logs/*.csv",
        "C:/logs",
        "C:\\logs",
        "a:b",
        "./gs://b",
        "logs/s3://x",
        "ü://",
    ],
)
def test_paths_stay_as_they_are(text: str) -> None:
    assert local_path(text) == Path(text)


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~") == tmp_path
    assert local_path("~/logs/*.csv") == tmp_path / "logs" / "*.csv"
    assert local_path(Path("~/logs")) == tmp_path / "logs"
    assert local_path("logs/~") == Path("logs/~")
    named = local_path("./~odd")
    assert named == local_path(named) == Path.cwd() / "~odd"


@pytest.mark.parametrize(
    "text", ["gs://b/w", "s3://b/w", "S3a://b", "hdfs://n:9000/x", "https://h/x.csv", "dbfs:/x", "abfss://c@a/x"]
)
@pytest.mark.parametrize("kind", [str, Path])
def test_urls_are_refused(text: str, kind: type) -> None:
    with pytest.raises(ValueError, match=r"is a URL; .*this machine"):
        local_path(kind(text))


def test_a_file_url_names_its_path() -> None:
    with pytest.raises(ValueError, match="write the path alone: /a b/c"):
        local_path("file:///a%20b/c")


@pytest.mark.parametrize(("text", "why"), [("", "no path"), ("a\0b", "no path"), ("~nobody-at-all/x", "nobody here")])
def test_what_is_no_path_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        local_path(text)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "our cache"))
    return tmp_path / "our cache" / "stores"


@pytest.mark.parametrize(
    ("url", "copy"),
    [
        ("s3://b", "s3/b"),
        ("s3://b/ö/a b%2F/*.csv", "s3/b/ö/a b%2F/*.csv"),
        ("gs://b/work", "gs/b/work"),
        ("hdfs://name:8020/x", "hdfs/name:8020/x"),
        ("hdfs:///x", "hdfs/-/x"),
        ("abfs://c@account.dfs.core.windows.net/x", "abfs/c@account.dfs.core.windows.net/x"),
        ("memory://x", "memory/x"),
    ],
)
def test_a_url_and_the_path_of_its_copy_tell_each_other(url: str, copy: str, cache: Path) -> None:
    assert place(url) == mirror_of(url) == cache / copy
    assert url_of(cache / copy) == url
    assert place(f"{url}/") == place(url)
    assert with_urls(f"{cache / copy}: missing") == f"{url}: missing"


def test_other_paths_are_no_copies(cache: Path) -> None:
    assert place("work/x") == Path("work/x")
    assert url_of(Path("work/x")) is url_of(cache) is url_of(cache / "s3") is None
    for text in ("work/x", f"sqlite:///{cache}/s3/b/mlflow.db", f"{cache}-other/s3/b"):
        assert with_urls(text) == text


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://b//x", "s3://b/../x", "s3://b/./x", "s3://b/a\0"])
def test_what_no_file_here_can_be_called_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="between two slashes stands a name"):
        place(url)


@pytest.mark.parametrize("url", ["https://h/x.csv", "dbfs:/x", "abfss://c@a/x", "S3a://b"])
def test_urls_of_no_store_are_refused(url: str) -> None:
    with pytest.raises(
        ValueError, match="is a URL; expected a path on this machine, or a URL that begins s3://, gs://"
    ):
        place(url)


def test_a_url_that_a_path_has_spoiled_is_refused() -> None:
    with pytest.raises(ValueError, match="give it as text"):
        place(Path("s3://b/w"))
