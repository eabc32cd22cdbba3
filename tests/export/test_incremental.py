"""Event by event, the carried keys and values give what the whole history gives."""

import numpy as np
import pytest

from recsys.config.export import ExportConfig
from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.core.events import Event
from recsys.export.exporter import Exporter
from recsys.export.graph.signatures import Signatures
from recsys.export.variants import Variant
from serving.reranker import Reranker
from serving.session import Session

LENGTH = 6


@pytest.fixture(
    scope="session",
    params=[("float32", False), ("float32", True), pytest.param(("int8", True), marks=pytest.mark.slow)],
    ids=["float32", "float32, times", "int8, times"],
)
def reranker(request, dataset, tmp_path_factory):
    """Of random weights; those of times begin at 0 and are made random, too."""
    from recsys.models.keras import keras, tf
    from recsys.models.sasrec import build_model

    variant, request_time = request.param
    keras.utils.set_random_seed(4)
    memory = {"neighbours": 4, "newest": 3}
    config = ModelConfig(max_length=LENGTH, width=16, heads=2, memory=memory, request_time=request_time)
    model = build_model(config, dataset.vocabulary.table_size)
    if request_time:
        bias = model.blocks[-1].mixer.time_bias
        for variable in (bias.bias, bias.pause, model.memory.attention.time_bias):
            variable.assign(tf.random.normal(variable.shape))
    model.items.assign(model.items.vectors() * 30)
    path = tmp_path_factory.mktemp("incremental")
    settings = ExportConfig(candidates=20, signatures=("incremental",), max_quality_loss=0.99)
    exporter = Exporter(model, dataset, settings, "r" * 32, filter_seen=True)
    exporter.write(Variant.parse(variant, 4), path)
    return Reranker(path)


DAY = 86_400_000


def scores(ranked):
    return {one.item: one.score for one in ranked}


@pytest.mark.long
def test_each_event_gives_what_the_whole_history_gives(reranker):
    """Up to the model's length by steps; beyond it the window slides, so the history is encoded anew."""
    items = [reranker.catalogue()[i] for i in (3, 14, 15, 9, 26, 5, 35, 8)]
    session, history, stepped = Session(reranker), [], []
    tolerance = max(reranker.manifest.tolerance, 1e-4)
    for time, item in enumerate(items):
        history.append(Event(item, time * DAY))
        stepped.append(session.append(history[-1]))
        for now in (time * DAY, (time + 40) * DAY):  # at once, and long after: the newest event is asked again
            whole = reranker.rerank(history, reranker.catalogue(), now)
            found = session.rerank(reranker.catalogue(), now)
            assert scores(found) == pytest.approx(scores(whole), abs=tolerance), f"after {len(history)} events"
    assert stepped == [True] * LENGTH + [False] * (len(items) - LENGTH)


@pytest.mark.parametrize("began", range(5))
def test_a_session_may_begin_with_a_history(reranker, began):
    history, now = [Event(reranker.catalogue()[i], i * DAY) for i in range(5)], 9 * DAY
    session = Session(reranker, history[:began])
    for event in history[began:]:
        assert session.append(event)
    expected = scores(reranker.rerank(history, reranker.catalogue()[:9], now))
    found = scores(session.rerank(reranker.catalogue()[:9], now))
    assert found == pytest.approx(expected, abs=max(reranker.manifest.tolerance, 1e-4))


def test_an_older_event_encodes_anew_and_an_unknown_one_changes_nothing(reranker):
    a, b, c = reranker.catalogue()[:3]
    session = Session(reranker, [Event(a, 1), Event(b, 3)])
    assert not session.append(Event(c, 2))
    assert session.append(Event("nobody knows it", 4))
    expected = scores(reranker.rerank([Event(a, 1), Event(c, 2), Event(b, 3)], [a, b, c]))
    assert scores(session.rerank([a, b, c])) == pytest.approx(expected, abs=reranker.manifest.tolerance)


def test_events_that_share_a_time_or_come_late_end_in_the_same_scores(reranker):
    a, b, c, d = reranker.catalogue()[:4]
    events = [Event(a, 5), Event(b, 5), Event(b, 5), Event("nobody knows it", 6), Event(c, 9), Event(d, 7), Event(a, 9)]
    session = Session(reranker)
    for count, event in enumerate(events, 1):
        session.append(event)
        expected = scores(reranker.rerank(events[:count], [a, b, c, d]))
        assert scores(session.rerank([a, b, c, d])) == pytest.approx(expected, abs=1e-3), f"after event {count}"


def test_positions_from_the_newest_event_are_refused(model):
    from recsys.export.graph.inference_model import Tables, inference_model
    from recsys.export.graph.item_tables import FloatTable

    phone = inference_model(model, Tables(FloatTable(model.items.vectors())))
    with pytest.raises(ConfigError, match=r"model\.positions=rotary"):
        Signatures(phone, 10, 60, ["incremental"])


def test_a_bundle_without_the_signatures_says_so():
    from pathlib import Path

    golden = Reranker(Path(__file__).parents[1] / "golden" / "float32")
    with pytest.raises(ConfigError, match="no signature score, start, step"):
        Session(golden)


def test_numbers_are_finite_for_an_empty_history(reranker):
    assert np.isfinite([one.score for one in Session(reranker).rerank(reranker.catalogue())]).all()
