"""A logged model: loadable by MLflow, recommending from raw ids, and free of anything that could run."""

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

from recsys.artifacts.finding import find_dataset
from recsys.config.model import ModelConfig
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ArtifactError, DataError
from recsys.core.events import Event
from recsys.core.history import History
from recsys.models.sasrec import build_model
from recsys.models.weights import save_weights
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import log_model, save_model
from recsys.tracking.registry.registry import open_model
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.sync import sync
from recsys.tracking.upload.uploader import find_run

MODEL = TrackingConfig(system_metrics=False, log_model=True)


@pytest.fixture
def trained(make_run):
    """A finished run with the weights of a real, untrained model."""
    run = make_run(finished=False)
    model = build_model(ModelConfig.model_validate(run.config["model"]), 13)
    make_run.finish(run, weights=lambda path: save_weights(model, path))
    return run


@pytest.fixture
def saved(trained, work_dir, tmp_path):
    """The run's model in a directory, as MLflow loads it."""
    save_model(tmp_path / "model", trained, find_dataset(work_dir, trained.manifest.dataset_digest))
    return tmp_path / "model"


def test_the_logged_model_recommends_from_raw_histories(trained, work_dir, monkeypatch):
    sync(trained, MODEL, work_dir)
    store = open_store(MODEL, work_dir)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    run_id = find_run(store, trained.digest)
    uri = log_model(store, run_id, trained, find_dataset(work_dir, trained.manifest.dataset_digest))
    assert (
        log_model(store, run_id, trained, find_dataset(work_dir, trained.manifest.dataset_digest)) == uri
    )  # found there, not logged again
    loaded = mlflow.pyfunc.load_model(uri)
    history = [
        {"item": "film-3", "timestamp": 2000},
        {"item": "film-1", "timestamp": 1000},
        {"item": "?", "timestamp": 5},
    ]
    answer = loaded.predict(pd.DataFrame({"history": [history, []]}), params={"k": 4})
    assert [len(items) for items in answer["items"]] == [4, 4]
    assert {"film-1", "film-3"}.isdisjoint(answer["items"][0])
    for scores in answer["scores"]:
        assert scores == sorted(scores, reverse=True)
    everything = loaded.predict(pd.DataFrame({"history": [history]}), params={"k": 1000})
    assert len(everything["items"][0]) == 12 - 2
    assert [str(column.type) for column in loaded.metadata.signature.outputs] == ["Array(string)", "Array(double)"]


def test_its_order_is_the_models(saved):
    """Scalar oracle: score every item by itself, leave out the history, sort."""
    recommender = Recommender(saved / "data" / "recommender")
    frame = pd.DataFrame({"history": [[{"item": "film-2", "timestamp": 1}, {"item": "film-7", "timestamp": 2}]]})
    answer = recommender.predict(frame, {"k": 3})
    history = np.array([[0] * 8 + [2, 7]], np.int32)
    scores = {
        f"film-{item}": float(recommender.score(History(history), np.array([[item]], np.int32))[0, 0])
        for item in range(1, 13)
        if item not in (2, 7)
    }
    best = sorted(scores, key=scores.get, reverse=True)[:3]
    assert answer["items"][0] == best
    assert answer["scores"][0] == pytest.approx([scores[item] for item in best], abs=1e-5)


def test_what_the_history_holds_stays_where_the_run_was_evaluated_so(make_run, work_dir, tmp_path):
    run = make_run(finished=False, filter_seen=False)
    model = build_model(ModelConfig.model_validate(run.config["model"]), 13)
    make_run.finish(run, weights=lambda path: save_weights(model, path))
    save_model(tmp_path / "model", run, find_dataset(work_dir, run.manifest.dataset_digest))
    recommender = Recommender(tmp_path / "model" / "data" / "recommender")
    items, _ = recommender.recommend([Event("film-2", 1), Event("film-7", 2), Event("?", 3)], 1000, 4)
    assert sorted(items) == sorted(f"film-{number}" for number in range(1, 13))


def test_nothing_in_it_is_a_pickle_or_code(saved):
    about = yaml.safe_load((saved / "MLmodel").read_text())
    flavor = about["flavors"]["python_function"]
    assert flavor["loader_module"] == "recsys.tracking.models.loader"
    assert "code" not in {key for key, value in flavor.items() if value}
    assert set(about["flavors"]) == {"python_function"}
    suffixes = {path.suffix for path in saved.rglob("*") if path.is_file()}
    assert suffixes <= {"", ".json", ".npz", ".parquet", ".txt", ".yaml"}


def test_swapped_weights_are_refused(saved):
    weights = saved / "data" / "recommender" / "run" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactError, match=r"weights\.npz: SHA-256 is .* the run is damaged"):
        Recommender(saved / "data" / "recommender")


def test_every_field_of_an_event_arrives(saved, monkeypatch):
    asked = []

    def recommend(self, history, k, now):
        asked.append((history, now))
        return ["film-1"], [1.0]

    monkeypatch.setattr(Recommender, "recommend", recommend)
    loaded = mlflow.pyfunc.load_model(str(saved))
    history = [
        {"item": "film-3", "timestamp": 2000, "event_id": 7, "event_type": "view", "value": 4.5},
        {"item": "film-1", "timestamp": 1000},
    ]
    loaded.predict(pd.DataFrame({"history": [history]}), params={"now": 5000})
    assert asked == [([Event("film-3", 2000, 7, "view", 4.5), Event("film-1", 1000, 0, "")], 5000)]


def test_what_is_no_event_is_named(saved):
    recommender = Recommender(next(saved.rglob("dataset")).parent)
    history = [[], [{"item": "film-1", "timestamp": 1}, {"item": 3, "timestamp": 1}]]
    with pytest.raises(DataError, match=r"row 1: history\[1\]: an item id is text, found int 3"):
        recommender.predict(pd.DataFrame({"history": history}))


def test_a_moment_that_is_none_is_named(saved):
    recommender = Recommender(next(saved.rglob("dataset")).parent)
    with pytest.raises(DataError, match="params: now is a 64-bit integer"):
        recommender.predict(pd.DataFrame({"history": [[]]}), {"now": 10**30})


@pytest.mark.parametrize(
    "change",
    [
        {"loader_module": "os"},
        {"code": "code"},
        {"data": "../../elsewhere"},
        {"loader_module": "mlflow.pyfunc.model", "python_model": "python_model.pkl"},
    ],
)
def test_a_stored_model_that_asks_for_code_or_pickles_is_not_loaded(saved, change):
    about = yaml.safe_load((saved / "MLmodel").read_text())
    about["flavors"]["python_function"].update(change)
    (saved / "MLmodel").write_text(yaml.safe_dump(about))
    with pytest.raises(ArtifactError, match="is not loaded"):
        open_model(saved)
