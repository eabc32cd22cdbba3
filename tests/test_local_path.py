"""What may stand where a path is expected."""

from pathlib import Path

import pytest

from recsys.core.local_path import local_path


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
