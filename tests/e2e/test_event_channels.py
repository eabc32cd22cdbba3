"""A log whose events have types and values, through every part to the phone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.cli import main
from recsys.core.events.codes import EventCodes
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import save_model
from serving.reranker import Event, Reranker
from serving.session import Session
from tests.e2e.conftest import Recsys

RECIPE = """
data:
  path: {log}
  columns: {{event_type: kind, value: seconds}}
  event_types: {{view: {{target: false}}, cart: {{}}, buy: {{weight: 3}}}}
prepare: {{k_core: 1}}
model: {{max_length: 10, width: 8, blocks: 1, event_types: true, event_values: true, request_time: true}}
training: {{epochs: 2, batch_size: 32}}
evaluation: {{ks: [10], filter_seen: true}}
export: {{max_quality_loss: 0.99, evaluated_users: 50, variants: [float32], signatures: [incremental]}}
tracking: {{enabled: false}}
"""
EDGES = (10.0, 20.0, 30.0)
NOON = 1_700_000_000_000  # of a day whose times no client finds odd


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    rows = ["user_id,item_id,timestamp,kind,seconds"]
    for user in range(60):
        for place in range(14):
            kind = random.choice(["view", "cart", "buy", "hover"])
            seconds = random.choice(["", "5", "10", "20", "30"])
            rows.append(f"u{user},i{random.integers(20)},{1000 * user + 7 * place},{kind},{seconds}")
    log = tmp_path / "log.csv"
    log.write_text("\n".join(rows) + "\n")
    path = tmp_path / "channels.yaml"
    path.write_text(RECIPE.format(log=log))
    return path


@pytest.mark.long
def test_types_and_values_reach_the_phone(recsys: Recsys, recipe: Path, tmp_path: Path, capsys: Any) -> None:
    assert recsys("run", recipe) == 0
    work = tmp_path / "work"
    (made,) = (work / "datasets").glob("*/manifest.json")
    dataset = Dataset(made.parent)
    codes = EventCodes(("buy", "cart", "view"), EDGES)
    assert dataset.codes == codes
    sequences = dataset.sequences
    assert sequences.types is not None
    assert set(sequences.types.tolist()) == {2, 3, 4}
    for split in ("train", "validation", "test"):
        predicted = set(sequences.types[sequences.targets(split)[1]].tolist())
        assert predicted == {2, 3}, f"{split} predicts a view"
    (model,) = (work / "bundles").rglob("*.tflite")
    reranker = Reranker(model.parent)
    assert reranker.manifest.event_codes == codes
    catalog = reranker.catalogue()
    golden = Bundle(model.parent).golden()
    assert {event.event_type for case in golden for event in case.history} >= {"buy", "cart", "view"}
    assert [reranker.mismatch(case) for case in golden] == [None] * len(golden)

    def scores(rank: Callable[..., Any], *arguments: Any) -> list[float]:
        found = {one.item: one.score for one in rank(*arguments)}
        return [found[item] for item in catalog]

    def told(kind: str, value: float | None) -> tuple[float, ...]:
        events = [Event(catalog[0], 0), Event(catalog[1], 7000, 0, kind, value), Event(catalog[2], 9000)]
        return tuple(scores(reranker.rerank, events, catalog, 9000))

    assert told("buy", 9.99) == told("buy", -3) != told("buy", 10) == told("buy", 19.9)
    assert len({told(kind, value) for kind in ("buy", "cart", "view", "") for value in (None, 5, 10, 20, 30)}) == 20
    with pytest.warns(UserWarning, match="no event of type 'swipe', only of buy, cart, view"):
        assert told("swipe", 5) == told("", 5)

    kinds, values = ["view", "buy", "", "cart"] * 4, [None, 5, 30, 12.5, 20] * 4
    events = [Event(catalog[n % 7], NOON + 1000 * n, 0, kind, values[n]) for n, kind in enumerate(kinds)]
    session = Session(reranker, events[:2])
    for count, event in enumerate(events[2:], 3):
        session.append(event)
        now = NOON + 1000 * count
        expected = scores(reranker.rerank, events[:count], catalog, now)
        assert scores(session.rerank, catalog, now) == pytest.approx(expected, abs=1e-3)

    (run,) = (work / "runs").glob("*")
    save_model(tmp_path / "logged", Run(run), dataset)
    logged = Recommender(tmp_path / "logged" / "data" / "recommender")
    items, found = logged.recommend(events[-4:], 5, NOON + 20_000)
    seen = {event.item for event in events[-4:] if event.event_type != "view"}  # what is viewed may be bought
    left = [item for item in catalog if item not in seen]
    best = reranker.rerank(events[-4:], left, NOON + 20_000)[:5]
    assert items == [one.item for one in best]
    assert found == pytest.approx([one.score for one in best], abs=1e-4)

    request = tmp_path / "request.json"
    history = [{"item": catalog[0], "timestamp": 1, "event_type": "swipe", "value": 4.5}]
    history += [{"item": "no such item", "timestamp": 2}]
    request.write_text(json.dumps({"history": history}))
    capsys.readouterr()
    assert main(["rerank", str(model.parent), "--request", str(request), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unknown_items"], told["unknown_types"]) == (["no such item"], ["swipe"])
    capsys.readouterr()
    assert main(["evaluate", str(run), "--segments", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["segments"]["type"]) == {"buy", "cart"}
