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

pytestmark = pytest.mark.long

LENGTH = 6
CHANNELS = ("request_time", "event_types", "event_values")


def cases():
    """No channel, each alone and all of them; the less telling ones, and all in eight bits, among the slow tests."""
    alone = [(channel,) for channel in CHANNELS]
    for variant, read in (*(("float32", read) for read in ((), *alone, CHANNELS)), ("int8", CHANNELS)):
        quick = variant == "float32" and read in ((), CHANNELS[:1], CHANNELS)
        marks = [] if quick else [pytest.mark.slow]
        yield pytest.param((variant, read), marks=marks, id=", ".join((variant, *read)))


@pytest.fixture(scope="session", params=cases())
def reranker(request, channel_dataset, tmp_path_factory):
    """Of random weights; those of channels begin at 0 and are made random, too."""
    from recsys.models.keras import keras, tf
    from recsys.models.sasrec import build_model

    variant, read = request.param
    keras.utils.set_random_seed(4)
    memory, dataset = {"neighbours": 4, "newest": 3}, channel_dataset
    config = ModelConfig(max_length=LENGTH, width=16, heads=2, memory=memory, **dict.fromkeys(read, True))
    model = build_model(config, dataset.vocabulary.table_size)
    for variable in model.trainable_variables:
        if not np.any(variable.numpy()):
            variable.assign(tf.random.normal(variable.shape))
    model.items.assign(model.items.vectors() * 30)
    path = tmp_path_factory.mktemp("incremental")
    settings = ExportConfig(candidates=20, signatures=("incremental",), max_quality_loss=0.99)
    exporter = Exporter(model, dataset, settings, "r" * 32, filter_seen=True)
    exporter.write(Variant.parse(variant, 4), path)
    return Reranker(path)


DAY = 86_400_000
KINDS, VALUES = ("buy", "", "view", "cart"), (None, 1.0, 2.5, 3.0, 9.0)


def event(reranker, number, place):
    """An event of the item of that number, a day after the one before it, of some type and value."""
    return Event(reranker.catalogue()[number], 1 + place * DAY, 0, KINDS[place % 4], VALUES[place % 5])


def scores(ranked):
    return {one.item: one.score for one in ranked}


def test_each_event_gives_what_the_whole_history_gives(reranker):
    """Up to the model's length by steps; beyond it the window slides, so the history is encoded anew."""
    items = (3, 14, 15, 9, 26, 5, 35, 8)
    session, history, stepped = Session(reranker), [], []
    tolerance = max(reranker.manifest.tolerance, 1e-4)
    for time, item in enumerate(items):
        history.append(event(reranker, item, time))
        stepped.append(session.append(history[-1]))
        for now in (time * DAY, (time + 40) * DAY):  # at once, and long after: the newest event is asked again
            whole = reranker.rerank(history, reranker.catalogue(), now)
            found = session.rerank(reranker.catalogue(), now)
            assert scores(found) == pytest.approx(scores(whole), abs=tolerance), f"after {len(history)} events"
    assert stepped == [True] * LENGTH + [False] * (len(items) - LENGTH)


@pytest.mark.parametrize("began", range(5))
def test_a_session_may_begin_with_a_history(reranker, began):
    history, now = [event(reranker, place, place) for place in range(5)], 9 * DAY
    session = Session(reranker, history[:began])
    for one in history[began:]:
        assert session.append(one)
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
    for count, one in enumerate(events, 1):
        session.append(one)
        expected = scores(reranker.rerank(events[:count], [a, b, c, d]))
        assert scores(session.rerank([a, b, c, d])) == pytest.approx(expected, abs=1e-3), f"after event {count}"


def test_goldens_are_answered_and_hold_what_is_unknown(reranker):
    cases, codes = reranker.bundle.golden(), reranker.manifest.event_codes
    assert [reranker.mismatch(case) for case in cases] == [None] * len(cases)
    known = {"buy", "cart", "view"}
    met = {event.event_type for case in cases for event in case.history} - known
    assert met == ({"no such item ☃"} if codes.types else set())
    values = {event.value for case in cases for event in case.history}
    assert values == ({None, 1.0, 2.0, 3.0, 4.0, 5.0} if codes.value_edges else {None})
    assert reranker.manifest.cleaning.event_types == (() if codes.types else ("buy", "cart", "view"))


def test_each_channel_that_is_read_changes_scores_and_no_other(reranker):
    codes, catalog = reranker.manifest.event_codes, reranker.catalogue()

    def told(kind, value):
        events = [event(reranker, 3, 0), Event(catalog[5], DAY, 0, kind, value), Event(catalog[7], 2 * DAY)]
        return tuple(one.score for one in reranker.rerank(events, catalog[:9], 3 * DAY))

    assert (told("buy", 1.0) != told("view", 1.0)) == bool(codes.types)
    assert (told("buy", 1.0) != told("buy", 5.0)) == (codes.value_edges is not None)
    if codes.types:
        with pytest.warns(UserWarning, match="no event of type 'swipe', only of buy, cart, view"):
            assert told("swipe", 1.0) == told("", 1.0)
        assert reranker.unknown_types([Event("a", 0, 0, "swipe"), Event("a", 0)]) == ["swipe"]
    assert told("", 1.0) == told("", 1.0)  # what was told once is not told again


def test_times_that_are_hardly_meant_so_are_told_once_where_a_model_reads_them(reranker):
    now, (known, *_) = 1_700_000_000_000, reranker.catalogue()
    for oddity, timestamp in (
        ("as if by seconds", now // 1000),
        ("later than the request, by up to 1440 min", now + DAY),
        ("as if nothing had set their time", 0),
    ):
        told = reranker.odd_times([Event(known, now), Event(known, timestamp)], now)
        if "ages" not in reranker.manifest.history_inputs:
            assert told == {}
            continue
        (text,) = told.values()
        assert text.startswith("1 of 2 events")
        assert oddity in text
        with pytest.warns(UserWarning, match=oddity):
            reranker.rerank([Event(known, timestamp)], [known], now)
        reranker.rerank([Event(known, timestamp)], [known], now)  # a second warning would be an error here
    assert reranker.odd_times([Event(known, 5), Event(known, now + 1000)], now) == {}  # counted from 0; a clock's skew


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
