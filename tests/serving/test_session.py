"""A session among threads, and after a failure: right, or it says that it is not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recsys.core.errors import DataError, RecsysError
from serving.reranker import Event, Reranker
from serving.session import Session

LENGTH = 12


class Summing(Reranker):
    """The golden bundle with a carried model of our own: a score is the sum of the history's ids plus the candidate's.

    What is carried are the ids taken in; ``step`` refuses a count other than theirs.
    """

    fails: BaseException | None = None

    def __init__(self) -> None:
        super().__init__(Path(__file__).parents[1] / "golden" / "int8")
        whole = self.manifest
        signatures = dict.fromkeys(("start", "step", "score"))
        fields = {**vars(whole), "history_inputs": whole.history_inputs, "signatures": signatures}
        self.manifest = SimpleNamespace(**fields)  # type: ignore[assignment]

    def run(self, signature: str, **inputs: Any) -> dict[str, Any]:
        if signature == "rerank":  # the golden cases, when it is made
            return super().run(signature, **inputs)
        if self.fails is not None:
            raise self.fails
        if signature == "start":
            history = inputs["history"]
            keys = history.reshape(1, 1, LENGTH, 1).astype(np.float32)
            return {"keys": keys, "values": keys.copy(), "embedding": np.array([[history.sum()]], np.float32)}
        if signature == "step":
            taken = inputs["keys_0"]
            assert np.count_nonzero(taken) == inputs["count"][0, 0]
            new = inputs["item"].astype(np.float32)
            column = new.reshape(1, 1, 1, 1)
            return {"keys": column, "values": column, "embedding": np.array([[taken.sum() + new.sum()]], np.float32)}
        return {"scores": inputs["embedding"] + inputs["candidates"]}


@pytest.fixture
def reranker() -> Summing:
    return Summing()


def total(session: Session) -> float:
    (one,) = session.rerank([session._reranker.catalogue()[0]])
    assert one.score is not None
    return one.score - 1  # the first of the catalog has id 1


def test_threads_take_events_in_one_after_another(reranker: Summing) -> None:
    items = reranker.catalogue()[:LENGTH]
    for _ in range(20):
        session, barrier = Session(reranker), threading.Barrier(LENGTH)

        def take(place: int, session: Session = session, barrier: threading.Barrier = barrier) -> float:
            barrier.wait()
            session.append(Event(items[place], place))
            return total(session)

        with ThreadPoolExecutor(LENGTH) as pool:
            seen = list(pool.map(take, range(LENGTH)))
        assert total(session) == sum(range(1, LENGTH + 1)) == max(seen)
        assert len(session._history.items) == LENGTH


@pytest.mark.parametrize("error", [RecsysError("not finite"), MemoryError(), KeyboardInterrupt()])
@pytest.mark.parametrize("times", [(1, 2), (2, 1)])  # one step, and a whole history anew
def test_a_failure_in_the_middle_is_said_until_the_session_begins_again(
    reranker: Summing, error: BaseException, times: tuple[int, int]
) -> None:
    a, b, c = reranker.catalogue()[:3]
    session = Session(reranker, [Event(a, times[0])])
    reranker.fails = error
    with pytest.raises(type(error)):
        session.append(Event(b, times[1]))
    reranker.fails = None
    for call in (lambda: session.rerank([a]), lambda: session.append(Event(c, 5))):
        with pytest.raises(RecsysError, match=rf"failed halfway \({type(error).__name__}.*replace"):
            call()
    session.replace([Event(c, 1)])
    assert total(session) == 3
    assert session.append(Event(b, 2))
    assert total(session) == 5


def test_a_beginning_that_fails_is_said_too(reranker: Summing) -> None:
    session = Session(reranker)
    reranker.fails = RuntimeError("gone")
    with pytest.raises(RuntimeError):
        session.replace([Event(reranker.catalogue()[0], 1)])
    reranker.fails = None
    with pytest.raises(RecsysError, match="RuntimeError: gone"):
        session.rerank([])


def test_an_event_that_is_none_changes_nothing(reranker: Summing) -> None:
    a, b = reranker.catalogue()[:2]
    session = Session(reranker, [Event(a, 1)])
    with pytest.raises(DataError):
        session.append(Event(b, "late"))  # type: ignore[arg-type]
    with pytest.raises(DataError):
        session.replace([Event(b, 1), 3])  # type: ignore[list-item]
    assert total(session) == 1
    assert session.append(Event(b, 2))
    assert total(session) == 3
