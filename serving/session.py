"""A user's session: each new event costs one position of the model, not a whole history."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.errors import ConfigError, RecsysError
from recsys.core.events import Event, is_counted, now_ms
from recsys.core.history import History, encode_newest
from serving.reranker import Ranked, Reranker

Ages: TypeAlias = npt.NDArray[np.int32]


class Session:
    """A history that grows, over a bundle with the signatures ``start``, ``step`` and ``score``.

    Ranks as ``Reranker.rerank`` does over the same events. An event that only adds one item at the end of a history
    that still fits the model is one step; anything else (an older event, a window that slides) encodes anew.

    Threads may share a session: events are taken in one after another, and a ranking sees whole events only. When
    taking one in, or asking at another moment, fails halfway (what is refused at once changes nothing), what the model
    carries may belong to no history; every call then raises until ``replace`` begins again.

    Args:
        reranker: stays shared; a session holds only its own history and what the model carries of it.

    Raises:
        ConfigError: the bundle lacks the signatures.
    """

    def __init__(self, reranker: Reranker, history: Sequence[Event] = ()) -> None:
        missing = {"start", "step", "score"} - reranker.manifest.signatures.keys()
        if missing:
            raise ConfigError(
                f"{reranker.bundle.path}: no signature {', '.join(sorted(missing))}; "
                "export with export.signatures=[incremental]"
            )
        self._reranker = reranker
        self._lock = threading.Lock()
        self._failure: str | None = None  # what left the session between two histories
        self._newest: Event | None = None  # of the events that count
        self._tied = False  # it shares its time with another
        self.replace(history)

    def replace(self, history: Sequence[Event]) -> None:
        """Begin again with another history, also after a failure.

        Raises:
            DataError: an event is not what its type says; nothing has changed.
        """
        events = self._reranker.checked(history)
        self._reranker.tell_oddities(events, now_ms())
        with self._lock, self._changing():
            self._events = events
            self._history = self._clean()
            self._encode()

    def append(self, event: Event) -> bool:
        """Take one more event in; returns whether one step was enough, or none was needed.

        Raises:
            DataError: the event is not what its type says; nothing has changed.
            RecsysError: an earlier event failed halfway.
        """
        events = self._reranker.checked([event])
        self._reranker.tell_oddities(events, now_ms())
        with self._lock:
            self._refuse_broken()
            with self._changing():
                self._events += events
                return self._append(event)

    def _append(self, event: Event) -> bool:
        before = self._history
        if not self._take_newest(event):
            self._history = self._clean()
        count = len(before.items)
        added = len(self._history.items) - count
        grown = all(map(np.array_equal, before, self._history.map(lambda channel: channel[:count])))
        if added == 0 and grown:
            return True
        if added != 1 or not grown or count >= self._reranker.manifest.history_length:
            self._encode()
            return False
        self._step()
        return True

    def rerank(self, candidates: Sequence[str], now: int | None = None) -> list[Ranked]:
        """``candidates``, best first, as ``Reranker.rerank`` gives them.

        Raises:
            DataError: ``now`` is no moment.
            RecsysError: an earlier call failed halfway.
        """
        with self._lock:
            self._refuse_broken()
            history = self._reranker.padded(self._history, now)
            if not all(map(np.array_equal, history, self._asked)):  # time has passed, and the model reads times
                with self._changing():
                    self._ask(history)
            inputs = {"embedding": self._embedding, **history.inputs()}  # neither is written to later
        return self._reranker.order(candidates, lambda ids: self._reranker.score_chunks("score", inputs, ids))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """What fails inside, be it a Ctrl-C, leaves the session broken."""
        self._failure = "interrupted"
        try:
            yield
        except BaseException as error:
            self._failure = f"{type(error).__name__}: {error}"
            raise
        self._failure = None

    def _refuse_broken(self) -> None:
        if self._failure is not None:
            raise RecsysError(
                f"{self._reranker.bundle.path}: this session failed halfway ({self._failure}); "
                "begin again with replace(history) or a new Session"
            )

    def _encode(self) -> None:
        """Encode the whole history: what is carried of all but the newest event, and then that one."""
        earlier = self._history.map(lambda channel: channel[-self._reranker.manifest.history_length : -1])
        self._started = len(earlier.items)
        self._state = self._reranker.run("start", **self._reranker.padded(earlier, 0).inputs())  # [blocks, …] by name
        self._embedding = self._state.pop("embedding")
        self._step()

    def _step(self) -> None:
        """Take the newest event in, and ask it for the moment at which it happened."""
        times = self._history.times
        self._ask(self._reranker.padded(self._history, int(times[-1]) if len(times) else 0))

    def _ask(self, history: History) -> None:
        """Make the newest event of a padded ``history`` read all others, at the moment that the ages are counted from.

        Its own column is the rightmost of padding; what asking it before has written there is not read.
        """
        self._asked, count = history, int(np.count_nonzero(history.items)) - 1
        if count < 0:
            return
        newest = history.map(lambda channel: channel[:, -1:])
        if len(history.times):
            newest = newest._replace(times=self._by_column(history.times, count + 1))
        stepped = self._reranker.run(
            "step",
            **newest.inputs(items="item"),
            count=np.array([[count]], np.int32),
            **{f"{name}_{n}": part[n : n + 1] for name, part in self._state.items() for n in range(len(part))},
        )
        column = self._reranker.manifest.history_length - 1 - count
        self._embedding = stepped.pop("embedding")
        for name, added in stepped.items():
            if added.shape == self._state[name].shape:
                self._state[name] = added
            else:
                self._state[name][:, :, column] = added[:, :, 0]

    def _by_column(self, ages: Ages, count: int) -> Ages:
        """Ages in the order of the state's columns, the newest event's once more at the end: ``[1, length + 1]``.

        Events that a session began with lie at the right, oldest first; each that came later lies left of all others.
        """
        began, later = np.split(ages[0, -count:], [self._started])
        columns = np.concatenate([later[::-1], began, ages[0, -1:]])
        return np.pad(columns, (ages.shape[1] + 1 - len(columns), 0))[None]

    def _take_newest(self, event: Event) -> bool:
        """Add an event that is later than all before it, which need not be looked at again then."""
        manifest, newest = self._reranker.manifest, self._newest
        if self._tied or (newest is not None and event.timestamp <= newest.timestamp):
            return False
        added = encode_newest(event, newest, self._reranker.vocabulary, manifest.cleaning, manifest.event_codes)
        self._history = self._history.map(lambda *channels: np.concatenate(channels), added)
        if is_counted(event, manifest.cleaning):
            self._newest = event
        return True

    def _clean(self) -> History:
        """All events, flat; notes the newest that counts, and whether others share its time."""
        cleaning = self._reranker.manifest.cleaning
        counted = [event for event in self._events if is_counted(event, cleaning)]
        times = [event.timestamp for event in counted]
        self._newest = counted[times.index(max(times))] if counted else None
        self._tied = bool(times) and times.count(max(times)) > 1
        return self._reranker.cleaned(self._events)
