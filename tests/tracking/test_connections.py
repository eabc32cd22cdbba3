"""Stores that refuse, are slow, or want a password; what the environment says; and what a caller finds as it was."""

import http.server
import json
import logging
import os
import sqlite3
import threading
from pathlib import Path

import mlflow
import optuna
import pytest
from mlflow.tracking._tracking_service import utils

from recsys.cli import main
from recsys.cli.common import store_arguments
from recsys.config.tracking import TrackingConfig
from recsys.tracking.registry.registry import check_name
from recsys.tracking.runs import complete_runs
from recsys.tracking.store import destination as destination_module
from recsys.tracking.store.destination import announce, destination
from recsys.tracking.store.errors import StoreError, store_errors
from recsys.tracking.store.quiet import SETTINGS, looked_up_in, quiet
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.callback import MlflowCallback
from recsys.tracking.upload.sync import sync, sync_if_possible

AWAY = "http://ada:s3cret@127.0.0.1:9"


@pytest.fixture(autouse=True)
def nothing_said_yet():
    destination_module._say_once.cache_clear()


@pytest.fixture
def answering():
    """``answering(status, body)`` starts a server that says this to everything; gives its address."""
    servers = []

    def start(status: int, body: bytes, kind: str = "application/json") -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://ada:s3cret@127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"<html>Internal Server Error</html>", "text/html"),
        (502, b"", "text/plain"),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "ada may not, s3cret"}', "application/json"),
        (401, b"You are not authenticated", "text/plain"),
        (200, b"<html>please log in</html>", "text/html"),
        (200, b"[]", "application/json"),
        (200, b'{"experiment": 7}', "application/json"),
        (200, b'{"experiment": {"artifact_location": 7}}', "application/json"),
        (301, b"", "text/plain"),
    ],
)
def test_a_server_that_answers_otherwise_is_one_error_without_secrets(
    answering, make_run, work_dir, capsys, status, body, kind
):
    uri = answering(status, body, kind)
    run = make_run()
    with pytest.raises(StoreError) as refused:
        sync(run, TrackingConfig(uri=uri), work_dir)
    told = str(refused.value)
    assert told.startswith(uri.replace("ada:s3cret@", "") + ": the MLflow store cannot be used: ")
    assert "s3cret" not in told
    assert refused.value.__suppress_context__
    assert main(["compare", "--work-dir", str(work_dir), "--tracking-uri", uri]) == 1
    assert "s3cret" not in capsys.readouterr().err


def test_a_driver_that_is_not_installed_is_named(work_dir):
    with pytest.raises(StoreError, match=r"postgresql://ada@db/x: .*Python package psycopg") as refused:
        open_store(TrackingConfig(uri="postgresql://ada:s3cret@db/x"), work_dir)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("uri", ["oracle://ada:s3cret@db/x", "http://ada:s3cret@[::1", "nonsense://s3cret@x"])
def test_an_address_that_is_none_is_one_error(work_dir, uri):
    with pytest.raises(StoreError) as refused:
        open_store(TrackingConfig(uri=uri), work_dir)
    assert "s3cret" not in str(refused.value)


def test_a_file_that_is_no_database_is_one_error(work_dir, tracking):
    (work_dir / "mlflow.db").write_text("no database at all, but long enough to be looked at as one")
    with pytest.raises(StoreError, match="not a database"):
        open_store(tracking, work_dir)


def test_a_password_is_kept_and_told_nowhere(make_run, work_dir, caplog, capfd):
    tracking = TrackingConfig(uri=AWAY, system_metrics=False, log_model=False)
    run = make_run(finished=False, epochs=1)
    with caplog.at_level(logging.DEBUG), MlflowCallback(tracking, work_dir, patience=0.1) as callback:
        callback.on_start(run, None)
        make_run.finish(run)
        callback.on_end(run)
    sync_if_possible(run, tracking, work_dir)
    shown = capfd.readouterr()
    assert "127.0.0.1:9" in caplog.text
    assert "s3cret" not in caplog.text + shown.out + shown.err + str(store_arguments(tracking)) + repr(tracking)
    place = destination(tracking, work_dir)
    assert "s3cret" not in place.shown + repr(place)
    for path in work_dir.rglob("*"):
        assert path.is_dir() or b"s3cret" not in path.read_bytes()


def test_a_database_that_is_being_written_is_waited_for(make_run, work_dir, tracking):
    open_store(tracking, work_dir)
    other = sqlite3.connect(work_dir / "mlflow.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.0, lambda: other.execute("ROLLBACK"))
    release.start()
    sync(make_run(), tracking, work_dir)
    release.join()
    other.close()
    assert len(complete_runs(open_store(tracking, work_dir))) == 1


def test_two_at_once_send_a_run_once(make_run, work_dir, tracking):
    run, failed = make_run(), []

    def send() -> None:
        try:
            sync(run, tracking, work_dir)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    store = open_store(tracking, work_dir)
    (only,) = store.client.search_runs([store.experiment_id])
    assert len(store.client.get_metric_history(only.info.run_id, "loss")) == 3


def test_the_config_decides_then_the_environment_then_the_work_directory(tmp_path, monkeypatch):
    def where(**fields: str) -> tuple[str, str]:
        found = destination(TrackingConfig(**fields), tmp_path)
        return found.uri, found.experiment

    assert where() == (f"sqlite:///{tmp_path}/mlflow.db", "recsys")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "team")
    assert where() == ("http://127.0.0.1:9", "team")
    assert where(uri="http://other", experiment="mine") == ("http://other", "mine")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert where()[0] == f"sqlite:///{tmp_path}/mlflow.db"


def test_what_is_heard_is_said_once(tmp_path, monkeypatch, capsys):
    announce(TrackingConfig(), tmp_path)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", AWAY)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://registry")
    for _ in range(2):
        announce(TrackingConfig(), tmp_path)
    assert capsys.readouterr().err.splitlines() == [
        "mlflow: MLFLOW_TRACKING_URI is set: runs go to http://127.0.0.1:9",
        "mlflow: MLFLOW_REGISTRY_URI is not used; models are registered where their runs are",
    ]
    announce(TrackingConfig(uri="http://other"), tmp_path)
    assert capsys.readouterr().err == "mlflow: tracking.uri is http://other, so MLFLOW_TRACKING_URI is not used\n"


def test_runs_go_where_the_environment_says(
    make_run, work_dir, tmp_path, empty_database, monkeypatch, tracking, capsys
):
    team = tmp_path / "team.db"
    team.write_bytes(empty_database.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{team}")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "shared")
    sync(make_run(), tracking, work_dir)
    assert main(["compare", "--work-dir", str(work_dir), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["groups"][0]["seeds"] == [1]
    assert shown.err.count("MLFLOW_TRACKING_URI is set") == 1
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [run.info.run_name for run in mlflow.MlflowClient(f"sqlite:///{team}").search_runs(["1"])] == ["toy"]


def state() -> tuple[object, ...]:
    loggers = {name: logging.getLogger(name).level for name in ("mlflow", "sqlalchemy.engine", "alembic", "optuna")}
    disabled = logging.root.manager.disable
    return dict(os.environ), utils._tracking_uri, loggers, disabled, optuna.logging.get_verbosity(), Path.cwd()


def test_what_a_caller_had_set_is_as_it_was(make_run, work_dir, tracking, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
    mlflow.set_tracking_uri("http://theirs")
    # Where MLflow repeats it, and this program would hear it; monkeypatch would bring it back at the end.
    del os.environ["MLFLOW_TRACKING_URI"]
    logging.getLogger("mlflow").setLevel(logging.DEBUG)
    try:
        before = state()
        sync(make_run(), tracking, work_dir)
        main(["compare", "--work-dir", str(work_dir), "--json"])
        main(["promote", "toy", "--work-dir", str(work_dir)])
        with pytest.raises(StoreError):
            open_store(TrackingConfig(uri=AWAY), work_dir)
        assert state() == before
        assert mlflow.active_run() is None
    finally:
        mlflow.set_tracking_uri(None)
        logging.getLogger("mlflow").setLevel(logging.NOTSET)


def test_settings_hold_while_any_thread_needs_them(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
    before = dict(os.environ)
    with quiet():
        with quiet():
            pass
        assert {name: os.environ[name] for name in SETTINGS} == {**SETTINGS, "MLFLOW_HTTP_REQUEST_TIMEOUT": "3"}
    assert dict(os.environ) == before


@pytest.mark.parametrize("before", [None, "http://theirs"])
def test_the_place_of_model_addresses_is_given_back(monkeypatch, before):
    if before:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", before)
    with looked_up_in("sqlite:///x.db"):
        assert mlflow.get_tracking_uri() == "sqlite:///x.db"
    assert os.environ.get("MLFLOW_TRACKING_URI") == before
    assert utils._tracking_uri is None


def test_bugs_are_not_taken_for_a_store_that_is_away(tmp_path):
    with pytest.raises(KeyError), store_errors(destination(TrackingConfig(), tmp_path)):
        raise KeyError("ours")


STRANGE = {"$pageview": {}, "cart (web)": {"weight": 2}, "😀/..": {"at_least": {"dwell, s": 1}}, "x" * 400: {}, " ": {}}


def test_strange_event_types_and_columns_arrive(make_run, work_dir, tracking):
    run = make_run()
    config = json.loads(run.config_file.read_text())
    types = {name: {"weight": 1.0, "at_least": {}, **fields} for name, fields in STRANGE.items()}
    config["data"]["columns"]["event_type"] = "kind"
    config["data"] |= {"event_types": types, "path": "lögs/" + "y" * 7000 + ".csv"}
    run.config_file.write_text(json.dumps(config))
    manifest = run.manifest
    run.finish({})
    sync(run, tracking, work_dir)
    (stored,) = complete_runs(open_store(tracking, work_dir))
    assert stored.digest == manifest.digest
    kept = [name for name in stored.parameters if name.startswith("data.event_types.")]
    assert len(kept) == len(STRANGE) + 1
    assert stored.parameters["data.event_types._x0024_pageview.weight"] == "1.0"
    assert stored.parameters["data.event_types.cart _x0028_web_x0029_.weight"] == "2"


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a:b", "it's", 'a"b', "a\nb", "x" * 300])
def test_a_name_that_no_registry_takes_is_refused_before_anything_is_done(work_dir, capsys, name):
    assert main(["promote", "--rollback", "--work-dir", str(work_dir), "--name", name]) == 2
    assert "--name" in capsys.readouterr().err


def test_other_names_are_taken():
    for name in ("recommender", "Empfehler für alle 😀", "a.b"):
        check_name(name)
