"""MLflow's servers for real, on loopback: killed in the middle, written to by two at once, served from, looked at."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from recsys.cli import main
from recsys.config.tracking import TrackingConfig
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.callback import MlflowCallback
from recsys.tracking.upload.sync import sync
from recsys.tracking.upload.uploader import find_run
from tests.tracking.conftest import make_dataset

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
PATIENCE = 240  # seconds that a loaded machine may take to start a server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process with a health page; starts, dies at once, starts again."""

    def __init__(self, command, port, log, health, environment=None):
        self.command, self.port, self.log, self.health = command, port, log, health
        self.environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **(environment or {})}
        self.process = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=self.environment, cwd=self.log.parent, start_new_session=True
            )
        for _ in range(PATIENCE):
            try:
                urllib.request.urlopen(self.uri + self.health, timeout=5).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                time.sleep(1)
        raise AssertionError(f"no answer on {self.uri}: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(work_dir):
    """A tracking server over the work directory's database; no --host is given, so it binds where it does by itself."""
    port = free_port()
    command = [
        *(str(BIN / "mlflow"), "server", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{work_dir / 'mlflow.db'}"),
        *("--artifacts-destination", str(work_dir / "files")),
    ]
    one = Server(command, port, work_dir / "server.log", "/health")
    one.start()
    yield one
    one.kill()


def test_killed_and_started_again_in_the_middle_of_training_nothing_is_missing(server, make_run, work_dir):
    tracking = TrackingConfig(uri=server.uri, system_metrics=False, log_model=False)
    run = make_run(finished=False, epochs=2)
    callback = MlflowCallback(tracking, work_dir, patience=PATIENCE)
    callback.on_start(run, None)
    while callback.run_id is None:
        time.sleep(0.1)
    server.kill()
    for epoch in range(3, 6):
        run.log_epoch({"epoch": epoch, "seconds": 1.0, "loss": 1.0 / epoch})
        callback.on_epoch(run, {})
        time.sleep(1)
    server.start()
    make_run.finish(run)
    callback.on_end(run)
    client = open_store(tracking, work_dir).client
    assert client.get_run(callback.run_id).info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(callback.run_id, "loss")] == [1, 2, 3, 4, 5]
    assert client.list_artifacts(callback.run_id, "run")


def test_the_server_keeps_to_loopback_and_to_its_artifact_root(server, make_run, work_dir):
    first = psutil.Process(server.process.pid)
    listening = {
        connection.laddr.ip
        for process in [first, *first.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    (work_dir / "secret.txt").write_text("secret")
    for path in (
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "a/../../secret.txt",
        "%252e%252e/secret.txt",
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.uri}/api/2.0/mlflow-artifacts/artifacts/{path}", timeout=30)
        assert refused.value.code in (400, 404)
        refused.value.close()


def test_compare_reads_ranks_through_a_server(server, make_run, work_dir, capsys):
    runs = [make_run(seed, width=width) for width in (8, 16) for seed in (1, 2)]
    options = ["--work-dir", str(work_dir), "--tracking-uri", server.uri, "--json", "--baseline", runs[0].digest[:12]]
    assert main(["compare", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [group.get("against_baseline", {}).get("users") for group in found["groups"]].count(60) == 1


_SWEEP = """
import importlib.util, pathlib, sys, warnings
spec = importlib.util.spec_from_file_location("support", sys.argv[1])
support = importlib.util.module_from_spec(spec)
spec.loader.exec_module(support)
from recsys.config import parse_config
from recsys.experiments.space import parse_dimension
from functools import partial
from recsys.experiments.sweep import Plan, sweep
from recsys.tracking.upload.sweep_run import SweepRun
work, first = pathlib.Path(sys.argv[2]), int(sys.argv[3])
build = support.run_builder(work)
def make_run(config, name, callbacks):
    run = build(config.training.seed, width=config.model.width, finished=False, epochs=1)
    for callback in callbacks: callback.on_start(run, config)
    for epoch in range(2, 22):
        metrics = {"epoch": epoch, "seconds": 1.0, "loss": 1.0 / epoch}
        run.log_epoch(metrics)
        for callback in callbacks: callback.on_epoch(run, metrics)
    support.finish(run, config.training.seed, 0.5, 60)
    for callback in callbacks: callback.on_end(run)
    return run
model = {"max_length": 10, "positions": "newest"}
config = parse_config({"data": {"path": "log.csv"}, "model": model, "tracking": {"log_model": False}})
space = [parse_dimension("model.width=" + ",".join(str(first + n) for n in range(4)))]
plan = Plan("grid", seeds=(1, 2), prune=False)
assert len(sweep(config, space, plan, work, make_run, "made up", partial(SweepRun, config.tracking, work))) == 4
"""


def test_two_sweeps_writing_at_once_lose_nothing(work_dir, tracking):
    """Two processes, one SQLite file: 2 parents, 16 runs, 21 epochs each."""
    support = Path(__file__).with_name("conftest.py")
    make_dataset(work_dir / "datasets" / "log")  # once, before both of them look for it
    sweeps = [
        subprocess.Popen([sys.executable, "-c", _SWEEP, str(support), str(work_dir), str(first)], cwd=ROOT)
        for first in (10, 20)
    ]
    assert [one.wait() for one in sweeps] == [0, 0]
    store = open_store(tracking, work_dir)
    runs = store.client.search_runs([store.experiment_id])
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert len(runs) == 2 + 16
    assert len(children) == 16
    assert {run.info.status for run in runs} == {"FINISHED"}
    for child in children:
        steps = [point.step for point in store.client.get_metric_history(child.info.run_id, "loss")]
        assert steps == list(range(1, 22))


def test_the_documented_line_gets_recommendations_from_the_champion(trained, work_dir, capsys):
    run = trained(knows=True)
    assert main(["promote", run.digest[:12], "--work-dir", str(work_dir), "--variant", "float32"]) == 0
    text = (ROOT / "docs" / "tracking.md").read_text()
    (serve,) = re.findall(r"^mlflow models serve .*$", text, re.M)
    (curl,) = re.findall(r"^curl .*?^}'$", text, re.M | re.S)
    port = free_port()
    serving = Server(
        serve.replace("5001", str(port)).split(),
        port,
        work_dir / "serve.log",
        "/ping",
        {"MLFLOW_TRACKING_URI": f"sqlite:///{work_dir / 'mlflow.db'}"},
    )
    serving.start()
    try:
        line = curl.replace("5001", str(port)).replace('"50"', '"film-1"').replace('"181"', '"film-2"')
        assert line.count("film-") == 2
        answer = json.loads(subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout)
        (prediction,) = answer["predictions"]
        assert prediction["items"][0] == "film-3"
        assert len(prediction["items"]) == len(prediction["scores"]) == 5
        wrong = line.replace('"film-1"', "1")
        refused = subprocess.run(["bash", "-c", wrong], capture_output=True, text=True, check=True).stdout
        assert "Expected type string" in refused
    finally:
        serving.kill()


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
def test_a_browser_finds_runs_plots_and_their_comparison(server, make_run, work_dir):
    """The run above two seeds, a sweep's, and the seeds' own pages, as a person sees them."""
    tracking = TrackingConfig(uri=server.uri, system_metrics=False, log_model=False)
    runs = [make_run(seed, name=f"browsed-{seed}", finished=False) for seed in (1, 2)]
    for seed, run in enumerate(runs, 1):
        (run.plots_dir / "curves.png").write_bytes(_PNG)
        make_run.finish(run, seed=seed)
        sync(run, tracking, work_dir)
    store = open_store(tracking, work_dir)
    parent = store.client.create_run(store.experiment_id, run_name="sweep-abcdef").info.run_id
    first, second = (find_run(store, run.digest) for run in runs)
    experiment = f"{server.uri}/#/experiments/{store.experiment_id}"

    listed = page(f"{experiment}/runs", work_dir)
    assert {"seeds 1, 2", "sweep-abcdef"} <= set(re.findall(r"seeds 1, 2|sweep-[a-f]+", listed))  # the seeds are folded
    overview = page(f"{experiment}/runs/{first}", work_dir)
    assert "Next-item recommender, protocol leave_one_out" in overview  # the model card
    assert "test/ndcg_at_10" in overview
    assert "model.width" in overview
    assert runs[0].manifest.dataset_digest[:8] in overview
    assert "curves.png" in page(f"{experiment}/runs/{first}/artifacts/plots/curves.png", work_dir)
    query = urllib.parse.urlencode(
        {"runs": json.dumps([first, second]), "experiments": json.dumps([store.experiment_id])}
    )
    compared = page(f"{server.uri}/#/compare-runs?{query}", work_dir)
    assert "Comparing 2 Runs" in compared
    assert "training.seed" in compared
    store.client.set_terminated(parent)


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180345ee7830000000049454e44ae426082"
)


def page(address, scratch, width=1600) -> str:
    """The page's text once its scripts have run."""
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={scratch / 'browser'}"),
        *(f"--window-size={width},1200", "--virtual-time-budget=60000", "--dump-dom", address),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
def test_the_models_tab_shows_each_models_metrics(server, make_run, work_dir):
    """Two runs' models, as a person sees them in the experiment, and one of them on its own page."""
    tracking = TrackingConfig(uri=server.uri, system_metrics=False)
    runs = [make_run(width=width, quality=quality) for width, quality in ((8, 0.3), (16, 0.7))]
    for run in runs:
        sync(run, tracking, work_dir)
    store = open_store(tracking, work_dir)
    best = max(runs, key=lambda run: run.metrics["model"]["ndcg@10"])
    # The page makes only the columns that fit; and without its word it would be a page for language models.
    models, training = f"{server.uri}/#/experiments/{store.experiment_id}/models", "?workflowType=machine_learning"
    tab = page(f"{models}{training}", work_dir, width=4200)
    assert "recommender" in tab
    assert "log-test" in tab, "metrics stand under the split that they were measured on"
    assert "test/ndcg_at_10" in tab
    for run in runs:
        assert shown(run.metrics["model"]["ndcg@10"]) in tab

    (model,) = store.client.search_logged_models(
        [store.experiment_id], f"source_run_id = '{find_run(store, best.digest)}'"
    )
    details = page(f"{models}/{model.model_id}{training}", work_dir)
    assert "test/ndcg_at_10" in details
    assert "log-test" in details
    assert shown(best.metrics["model"]["ndcg@10"]) in details
    assert "model.width" in details


def shown(value: float) -> str:
    """A cell that begins with the number, however many digits the page gives it."""
    return f">{f'{value:.6f}'.rstrip('0')[:5]}"
