"""Passwords and tokens of addresses: kept nowhere, shown nowhere."""

import pytest

from recsys.config import load_config, parse_config
from recsys.config.secrets import scrubbed, without_secrets
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ConfigError

ADDRESSES = [
    ("http://ada:s3cret@127.0.0.1:9", "http://127.0.0.1:9"),
    ("https://s3cret@host/mlflow", "https://host/mlflow"),
    ("https://host:5000/path@team", "https://host:5000/path@team"),
    ("https://ada:s3cret@x@host:5000", "https://host:5000"),
    ("http://ada:a/s3cret@host", "http://host"),
    ("http://host/?token=s3cret&sslmode=require", "http://host/?sslmode=require"),
    ("postgresql+psycopg2://ada:s3cret@db/mlflow?sslmode=require&password=s3cret",
     "postgresql+psycopg2://ada@db/mlflow?sslmode=require"),
    ("mysql://ada:s3%63ret@db/mlflow", "mysql://ada@db/mlflow"),
    ("sqlite:////home/a@b/mlflow.db", "sqlite:////home/a@b/mlflow.db"),
    ("databricks://profile", "databricks://profile"),
    ("work/mlruns", "work/mlruns"),
]  # fmt: skip


@pytest.mark.parametrize(("uri", "shown"), ADDRESSES)
def test_what_is_kept_of_an_address(uri, shown):
    assert without_secrets(uri) == shown
    assert TrackingConfig(uri=uri).model_dump(mode="json")["uri"] == shown
    assert "s3cret" not in repr(TrackingConfig(uri=uri))


@pytest.mark.parametrize(
    ("uri", "secrets"),
    [
        ("http://ada:s3cret@127.0.0.1:9", ["s3cret"]),
        ("https://s3cret@host/mlflow", ["s3cret"]),
        ("https://ada:s3cret@x@host:5000", ["s3cret@x"]),
        ("http://ada:a/s3cret@host", ["a/s3cret"]),
        ("http://host/?token=s3cret", ["s3cret", "token=s3cret"]),
        ("postgresql://db/mlflow?password=s3%63ret", ["s3%63ret", "s3cret"]),
        ("mysql://ada:s3%63ret@db/mlflow", ["s3%63ret", "s3cret"]),
    ],
)
def test_messages_lose_what_is_secret_in_them(uri, secrets):
    for secret in secrets:
        for text in (f"no answer from {uri}/api", f"password {secret!r} is wrong"):
            assert secret not in scrubbed(text, uri)
        assert secret not in scrubbed(f"--set 'tracking.uri={uri}'")


def test_messages_keep_what_is_no_secret():
    plain = "sqlite:////home/a@b/mlflow.db: no such table: runs?"
    assert scrubbed(plain, "sqlite:////home/a@b/mlflow.db") == plain
    assert scrubbed("user@host wrote a=1&b=2") == "user@host wrote a=1&b=2"


@pytest.mark.parametrize(
    "tracking",
    [
        "http://ada:s3cret@host",
        {"uri": ["http://ada:s3cret@host"]},
        {"enabled": "http://ada:s3cret@host"},
    ],
)
def test_a_config_that_is_refused_does_not_quote_it(tracking):
    with pytest.raises(ConfigError) as refused:
        parse_config({"data": {"path": "log.csv"}, "tracking": tracking})
    assert "s3cret" not in str(refused.value)


def test_neither_does_an_override_nor_a_file_that_is_no_yaml(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("data: {path: log.csv}\n")
    with pytest.raises(ConfigError) as refused:
        load_config(path, ["tracking.uri={http://ada:s3cret@host"])
    assert "s3cret" not in str(refused.value)
    path.write_text("tracking: {uri: 'http://ada:s3cret@host\ndata: {path: log.csv}\n")
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\0b", "x" * 501])
def test_an_experiment_that_no_store_would_take_is_refused_with_the_config(name):
    with pytest.raises(ConfigError, match="experiment"):
        parse_config({"data": {"path": "log.csv"}, "tracking": {"experiment": name}})
