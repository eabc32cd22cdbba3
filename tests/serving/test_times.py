"""A bundle whose model reads how long ago events were, their types and their values, through every client."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config.export import ExportConfig
from recsys.config.model import ModelConfig
from recsys.export.exporter import Exporter
from recsys.export.variants import Variant
from serving.reranker import Event, Reranker
from serving.session import Session
from tests.export.conftest import channel_dataset, dataset  # noqa: F401 - fixtures
from tests.serving.hostile import mutate
from tests.serving.test_web import browse, web  # noqa: F401 - fixtures

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LENGTH = 8
HOUR = 3_600_000  # milliseconds
MODEL = {
    "width": 16,
    "heads": 2,
    "positions": "rotary",
    "request_time": True,
    "event_types": True,
    "event_values": True,
    "memory": {"neighbours": 4, "newest": 3},
}
KINDS, VALUES = ("buy", "", "view", "cart"), (None, 1.0, 2.5, 3.0, 9.0)


@pytest.fixture(scope="module", params=["float32", "int8"])
def bundle(
    request: pytest.FixtureRequest,
    channel_dataset: Dataset,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """As the exporter writes it; all that reads channels is as large as what training makes of it."""
    from recsys.models.keras import keras
    from recsys.models.sasrec import build_model

    keras.utils.set_random_seed(6)
    model = build_model(ModelConfig(max_length=LENGTH, **MODEL), channel_dataset.vocabulary.table_size)
    random = np.random.default_rng(6)
    model.items.assign(model.items.vectors() * 30)
    for weights in model.trainable_variables:
        if not np.any(weights.numpy()):  # what reads a channel begins at 0
            weights.assign(random.normal(0, 1, weights.shape))
    path: Path = tmp_path_factory.mktemp("times")
    settings = ExportConfig(candidates=20, signatures=("incremental",), max_quality_loss=0.99)
    exporter = Exporter(model, channel_dataset, settings, "r" * 32, filter_seen=True)
    exporter.write(Variant.parse(request.param, 6), path)
    return path


@pytest.fixture(scope="module")
def moved(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but that its golden cases are asked an hour later: whoever feeds no ages does not see it."""
    path = Path(shutil.copytree(bundle, tmp_path_factory.mktemp("moved") / "bundle"))
    for number, case in enumerate(Reranker(bundle).bundle.golden()):
        mutate(path, {"file": "golden.json", "path": [number, "now"], "value": case.now + HOUR})
    return path


def test_every_golden_case_replays_in_python(bundle: Path) -> None:
    reranker = Reranker(bundle)
    cases = reranker.bundle.golden()
    assert [reranker.mismatch(case) for case in cases] == [None] * len(cases)


def test_every_golden_case_replays_in_the_browser(
    browse: Callable[[Path], dict[str, Any]],  # noqa: F811
    bundle: Path,
) -> None:
    found = browse(bundle)
    assert (found["refused"], found["errors"]) == (None, [])
    assert found["golden"] == [None] * len(Reranker(bundle).bundle.golden())
    assert found["before"] != found["after"]


def test_another_moment_is_seen_in_the_browser(browse: Callable[[Path], dict[str, Any]], moved: Path) -> None:  # noqa: F811
    assert "ranks otherwise than the exporter: candidate" in browse(moved)["refused"]


def test_a_manifest_that_hides_the_ages_is_refused_in_the_browser(
    browse: Callable[[Path], dict[str, Any]],  # noqa: F811
    bundle: Path,
    tmp_path: Path,
) -> None:
    path = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    signatures = json.loads((path / "manifest.json").read_text())["signatures"]
    for name in ("rerank", "start"):
        inputs = {key: tensor for key, tensor in signatures[name]["inputs"].items() if key != "ages"}
        mutate(path, {"file": "manifest.json", "path": ["signatures", name, "inputs"], "value": inputs})
    assert "golden.json: case" in browse(path)["refused"]


def test_other_runtimes_are_fed_ages(bundle: Path, moved: Path) -> None:
    command = [sys.executable, "-m", "tests.runtimes.replay", "ai_edge_litert", "xnnpack", str(bundle), str(moved)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found[bundle.name] == "right"
    assert found[moved.name].startswith("refused: golden case ")


@pytest.mark.parametrize(("field", "value"), [("event_type", "buy"), ("value", 1.0)])
def test_another_type_or_value_is_seen_in_the_browser(
    browse: Callable[[Path], dict[str, Any]],  # noqa: F811
    bundle: Path,
    tmp_path: Path,
    field: str,
    value: Any,
) -> None:
    path = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    for number, case in enumerate(Reranker(bundle).bundle.golden()):
        for place in range(len(case.history)):
            mutate(path, {"file": "golden.json", "path": [number, "history", place, field], "value": value})
    assert "ranks otherwise than the exporter: " in browse(path)["refused"]


def test_a_session_asks_at_any_moment(bundle: Path) -> None:
    reranker = Reranker(bundle)
    catalog = reranker.catalogue()
    history = [Event(catalog[i], (i + 1) * HOUR, 0, KINDS[i % 4], VALUES[i % 5]) for i in range(LENGTH + 2)]
    session = Session(reranker, history[:3])
    for count, event in enumerate(history[3:], 4):
        session.append(event)
        for now in (event.timestamp, event.timestamp + 90_000, event.timestamp + 400 * HOUR):
            expected = {one.item: one.score for one in reranker.rerank(history[:count], catalog, now)}
            found = {one.item: one.score for one in session.rerank(catalog, now)}
            assert found == pytest.approx(expected, abs=max(reranker.manifest.tolerance, 1e-3))
