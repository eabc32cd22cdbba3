"""The device's code over a bundle that was exported once and kept."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.core.errors import DataError, RecsysError
from recsys.core.events import Event
from serving.reranker import Reranker

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker(ROOT / "tests" / "golden" / "int8")


def test_every_golden_case_replays(bundle_path: Path) -> None:
    reranker = Reranker(bundle_path)
    cases = reranker.bundle.golden()
    assert len(cases) >= 6
    assert [reranker.mismatch(case) for case in cases] == [None] * len(cases)


def test_variants_agree_on_the_best(reranker: Reranker) -> None:
    exact = Reranker(ROOT / "tests" / "golden" / "float32")
    history, catalog = [Event(exact.catalogue()[0], 1)], exact.catalogue()
    best = {one.item for one in exact.rerank(history, catalog)[:5]}
    assert len(best & {one.item for one in reranker.rerank(history, catalog)[:10]}) >= 4


def test_history_is_ordered_by_time_and_arrival(reranker: Reranker) -> None:
    a, b, c = reranker.catalogue()[:3]
    events = [Event(a, 1, 1), Event(b, 1, 2), Event(c, 2, 0)]
    expected = reranker.encode_history(events)
    assert expected.items[0, -3:].tolist() == [1, 2, 3]
    for shuffled in ([events[2], events[1], events[0]], [events[1], events[0], events[2]]):
        assert (reranker.encode_history(shuffled).items == expected.items).all()


def test_an_empty_history_ranks(reranker: Reranker) -> None:
    ranked = reranker.rerank([], reranker.catalogue())
    assert len(ranked) == len(reranker.catalogue())
    assert all(one.score is not None for one in ranked)


def test_a_long_history_keeps_the_newest(reranker: Reranker) -> None:
    items = (reranker.catalogue() * 3)[: reranker.manifest.history_length * 3]
    long = [Event(item, time) for time, item in enumerate(items)]
    candidates = reranker.catalogue()[:20]
    assert reranker.rerank(long, candidates) == reranker.rerank(long[-reranker.manifest.history_length :], candidates)


def test_unknown_items(reranker: Reranker) -> None:
    known = reranker.catalogue()[0]
    ranked = reranker.rerank([Event("?", 1), Event(known, 2)], ["??", known, "???"])
    assert [one.item for one in ranked] == [known, "??", "???"]
    assert [one.score is None for one in ranked] == [False, True, True]
    assert reranker.rerank([Event(known, 2)], [known])[0].score == ranked[0].score


def test_chunks_do_not_matter(reranker: Reranker) -> None:
    width, history = reranker.manifest.candidates, [Event(reranker.catalogue()[3], 1)]
    candidates = reranker.catalogue()[: width + 7]
    whole = {one.item: one.score for one in reranker.rerank(history, candidates)}
    alone = {item: reranker.rerank(history, [item])[0].score for item in candidates[-9:]}
    assert {item: whole[item] for item in alone} == pytest.approx(alone, abs=reranker.manifest.tolerance)


@pytest.mark.parametrize(
    ("history", "candidates", "reason"),
    [
        ([], [7], r"candidates\[0\]: an item id is text, found int 7"),
        ([], [None], r"candidates\[0\]"),
        ([], ["\ud800"], "not valid Unicode"),
        ([("1", 2)], [], "expected an Event"),
        ([Event(1, 2)], [], r"history\[0\]: an item id is text"),  # type: ignore[arg-type]
        ([Event("1", 2.5)], [], "timestamp is a 64-bit integer"),  # type: ignore[arg-type]
        ([Event("1", 1 << 70)], [], "timestamp is a 64-bit integer"),
        ([Event("1", 1, "x")], [], "event_id is a 64-bit integer"),  # type: ignore[arg-type]
        ([Event("1", 1, 0, 3)], [], "event_type is text"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_request_is_refused(reranker: Reranker, history: list, candidates: list, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        reranker.rerank(history, candidates)


ANYTHING = st.one_of(st.text(max_size=5), st.integers(), st.none(), st.binary(max_size=4), st.floats())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_fuzzed_requests_never_crash(reranker: Reranker, data: st.DataObject) -> None:
    known = st.sampled_from(reranker.catalogue())
    times = st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 3))
    events = st.builds(Event, st.one_of(known, st.text(max_size=5)), times, times, st.text(max_size=2))
    history = data.draw(st.lists(st.one_of(events, st.builds(Event, ANYTHING, ANYTHING)), max_size=40))
    candidates = data.draw(st.lists(st.one_of(known, known, st.text(max_size=5), ANYTHING), max_size=60))
    try:
        ranked = reranker.rerank(history, candidates)
    except RecsysError:
        return
    assert sorted(one.item for one in ranked) == sorted(candidates)
    scores = [one.score for one in ranked if one.score is not None]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_any_number_of_candidates(reranker: Reranker, count: int) -> None:
    candidates = (reranker.catalogue() * (count // 80 + 1))[:count]
    assert len(reranker.rerank([], candidates)) == count


def test_the_command_needs_only_the_base_install() -> None:
    heavy = ["tensorflow", "apache_beam", "mlflow", "pandas", "pyarrow", "pydantic", "yaml", "rich", "scipy"]
    code = f"""
import sys
for name in {heavy}:
    sys.modules[name] = None  # importing it fails, as where it is not installed
from recsys.cli import main
sys.exit(main(["rerank", "tests/golden/int8", "--history", "5", "--top", "3"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_inputs_that_are_not_what_the_manifest_says_are_named(reranker: Reranker) -> None:
    history = reranker.encode_history([])
    with pytest.raises(DataError, match=r"rerank: expected candidates: \(\(1, 20\), 'int32'\), found None"):
        reranker.run("rerank", **history.inputs())
    with pytest.raises(DataError, match=r"found \(\(1, 3\), 'int64'\)"):
        reranker.run("rerank", **history.inputs(), candidates=np.ones((1, 3), np.int64))


def test_a_text_is_no_list_of_candidates(reranker: Reranker) -> None:
    for wrong in ("181", None, 3):
        with pytest.raises(DataError, match=f"expected a list of item ids, found {wrong!r}"):
            reranker.rerank([], wrong)  # type: ignore[arg-type]
