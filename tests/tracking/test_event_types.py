"""A logged model hears an event's type, and refuses what is no event."""

import mlflow
import pandas as pd
import pytest

from recsys.artifacts.finding import find_dataset
from recsys.core.errors import DataError
from recsys.core.events import Event
from recsys.models.sasrec import build_model
from recsys.models.weights import save_weights
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import save_model


@pytest.fixture
def saved(make_run, work_dir, tmp_path):
    from recsys.config.model import ModelConfig

    run = make_run(finished=False)
    model = build_model(ModelConfig.model_validate(run.config["model"]), 13)
    make_run.finish(run, weights=lambda path: save_weights(model, path))
    save_model(tmp_path / "model", run, find_dataset(work_dir, run.manifest.dataset_digest))
    return tmp_path / "model"


def test_every_field_of_an_event_arrives(saved, monkeypatch):
    asked = []
    monkeypatch.setattr(Recommender, "recommend", lambda self, history, k: asked.append(history) or (["film-1"], [1.0]))
    loaded = mlflow.pyfunc.load_model(str(saved))
    history = [
        {"item": "film-3", "timestamp": 2000, "event_id": 7, "event_type": "view"},
        {"item": "film-1", "timestamp": 1000},
    ]
    loaded.predict(pd.DataFrame({"history": [history]}))
    assert asked == [[Event("film-3", 2000, 7, "view"), Event("film-1", 1000, 0, "")]]


def test_what_is_no_event_is_named(saved):
    recommender = Recommender(next(saved.rglob("dataset")).parent)
    history = [[], [{"item": "film-1", "timestamp": 1}, {"item": 3, "timestamp": 1}]]
    with pytest.raises(DataError, match="row 1: event 1: an item id is text, found int 3"):
        recommender.predict(pd.DataFrame({"history": history}))
