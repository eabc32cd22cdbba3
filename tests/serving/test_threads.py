"""One Reranker for many threads: every answer is the asker's own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import recsys.litert.interpreter
from recsys.core.errors import ArtifactError, ConfigError
from serving.reranker import Event, Ranked, Reranker

GOLDEN = Path(__file__).parents[1] / "golden"
THREADS, CALLS = 8, 400


def histories(reranker: Reranker) -> list[list[Event]]:
    items = reranker.catalogue()
    return [[Event(items[(7 * u + e * (u % 3 + 1)) % len(items)], e) for e in range(8)] for u in range(32)]


@pytest.mark.parametrize("at_once", [1, 3])
def test_threads_get_what_one_thread_gets(bundle_path: Path, at_once: int) -> None:
    reranker = Reranker(bundle_path, at_once=at_once)
    asked, items = histories(reranker), reranker.catalogue()

    def ask(call: int) -> list[Ranked]:
        return reranker.rerank(asked[call % len(asked)], items)

    expected = [ask(call) for call in range(len(asked))]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(ask, range(CALLS)))
    assert found == [expected[call % len(asked)] for call in range(CALLS)]


class Watched:
    """LiteRT that notes how many threads are inside it, and inside all of them together."""

    inside_one, inside_all = 0, 0
    _now = 0
    _lock = threading.Lock()

    def __init__(self, **given: Any) -> None:
        self._real = recsys.litert.interpreter.Watching(**given)  # type: ignore[attr-defined]
        self._here = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_signature_runner(self, name: str) -> Any:
        real, watch = self._real.get_signature_runner(name), self

        class Runner:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def __call__(self, **inputs: Any) -> Any:
                with Watched._lock:
                    watch._here += 1
                    Watched._now += 1
                    Watched.inside_one = max(Watched.inside_one, watch._here)
                    Watched.inside_all = max(Watched.inside_all, Watched._now)
                time.sleep(0.002)  # long enough for every thread to arrive
                try:
                    return real(**inputs)
                finally:
                    with Watched._lock:
                        watch._here -= 1
                        Watched._now -= 1

        return Runner()


@pytest.mark.parametrize("at_once", [1, 2])
def test_an_interpreter_serves_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(recsys.litert.interpreter, "Watching", recsys.litert.interpreter.LiteRT, raising=False)
    monkeypatch.setattr(recsys.litert.interpreter, "LiteRT", Watched)
    monkeypatch.setattr(Watched, "inside_one", 0)
    monkeypatch.setattr(Watched, "inside_all", 0)
    reranker = Reranker(GOLDEN / "int8", at_once=at_once)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda history: reranker.rerank(history, ["1", "2"]), histories(reranker)))
    assert (Watched.inside_one, Watched.inside_all) == (1, at_once)


def test_an_interpreter_that_failed_serves_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    reranker = Reranker(GOLDEN / "int8")
    (runners,) = reranker._interpreter._free.queue
    expected = reranker.rerank([], ["1", "2"])
    real = runners["rerank"]
    for error in (RuntimeError("out of memory"), KeyboardInterrupt()):
        monkeypatch.setitem(runners, "rerank", lambda *, fails=error, **_: (_ for _ in ()).throw(fails))
        with pytest.raises((ArtifactError, KeyboardInterrupt)):
            reranker.rerank([], ["1", "2"])
    monkeypatch.setitem(runners, "rerank", real)
    assert reranker.rerank([], ["1", "2"]) == expected


@pytest.mark.parametrize("given", [{"threads": 0}, {"threads": -1}, {"at_once": 0}])
def test_none_at_all_is_refused(given: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(given))} must be at least 1"):
        Reranker(GOLDEN / "int8", **given)
