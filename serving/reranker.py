"""Rerank candidates with a user's own history, on the user's own device.

    from serving.reranker import Event, Reranker

    reranker = Reranker("work/bundles/…/int8")
    best_first = reranker.rerank([Event("50", 1_700_000_000_000)], ["181", "258", "172"])

Needs numpy and ai-edge-litert, nothing else; nothing leaves the process.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.bundle import GOLDEN_FILE, Bundle, GoldenCase, check_event, check_item, check_now, chosen
from recsys.core.candidates import best_first, candidate_chunks
from recsys.core.errors import ArtifactError, ConfigError, DataError
from recsys.core.events import Event, now_ms
from recsys.core.history import History, clean_history, pad_one
from recsys.core.schema import PAD_ID, TITLE
from recsys.litert.interpreter import Interpreter, runtime_name
from serving.odd_times import odd_times
from serving.policy import apply_policy
from serving.signature import check_signature

__all__ = ["Event", "Ranked", "Reranker"]

Scores: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ranked:
    """A candidate in its place.

    Attributes:
        item: its external id.
        score: the model's logit, or None for an item that the model does not know; those come last, as they came.
        reasons: why the policy put it here, for ``recommend``.
    """

    item: str
    score: float | None
    reasons: tuple[str, ...] = ()


class Reranker:
    """A verified bundle, loaded once and asked many times, by any number of threads.

    All that it reads it reads, checks and keeps when it is made; a few golden cases are replayed then.

    Args:
        bundle: a bundle directory.
        threads: how many one ranking may use.
        public_key: with it, only a bundle that was signed by its holder is loaded (an Ed25519 key in PEM).
        at_once: how many rankings may run side by side, each in an interpreter of its own; more threads take turns.

    Raises:
        ArtifactError: the bundle is damaged, foreign, of a newer format, its model is not what it says, or this
            runtime ranks otherwise than the one that exported it.
        ConfigError: ``threads`` or ``at_once`` is below 1.
    """

    def __init__(
        self, bundle: Path | str, threads: int = 1, public_key: Path | None = None, *, at_once: int = 1
    ) -> None:
        for name, value in (("threads", threads), ("at_once", at_once)):
            if value < 1:
                raise ConfigError(f"{name} must be at least 1, found {value}")
        if public_key is not None:
            check_signature(Path(bundle), public_key)
        self.bundle = Bundle(bundle)
        self.manifest = self.bundle.manifest
        self.vocabulary = self.bundle.vocabulary
        self._policy = self.bundle.policy
        self._columns = {name: self.bundle.item_column(name) for name in self.bundle.columns}
        self._told: set[str] = set()  # oddities of requests
        self._reads = History.of(self.manifest.signatures["rerank"].inputs)
        self._interpreter = Interpreter(self.bundle.model_file, self.manifest.signatures, threads, at_once)
        self._replay_some()

    def rerank(self, history: Sequence[Event], candidates: Sequence[str], now: int | None = None) -> list[Ranked]:
        """``candidates``, best first.

        Args:
            history: the user's events in any order, but that those that share a time and have no arrival number
                (``event_id``) stay as they are given; unknown items are left out, the newest are kept, none is fine. A
                type that the model has never met is warned of, once, and so are times that are hardly meant so.
            candidates: external ids, any number, none included; one that stands twice keeps both places.
            now: when the request is made, in milliseconds since 1970 (default: the device's clock); a model that reads
                times takes events after it to have just happened.

        Raises:
            DataError: an event or a candidate is not what its type says.
        """
        clock = now_ms() if now is None else now
        encoded = self.encode_history(history, clock)
        self.tell_oddities(history, clock)
        return self.order(candidates, lambda ids: self.score(encoded, ids))

    def order(self, candidates: Sequence[str], score: Callable[[npt.NDArray[np.int32]], Scores]) -> list[Ranked]:
        """``candidates``, best first by ``score`` of their internal ids; unknown ones last."""
        ids = self.encode_candidates(candidates)
        scores = score(ids)
        ranked = [Ranked(candidates[i], float(scores[i])) for i in best_first(ids, scores).tolist()]
        return ranked + [Ranked(candidates[i], None) for i in np.flatnonzero(ids == PAD_ID).tolist()]

    def recommend(self, history: Sequence[Event], candidates: Sequence[str], now: int | None = None) -> list[Ranked]:
        """``rerank``, then the bundle's policy: filters, boosts, freshness and diversity, each with its reason.

        Args:
            now: as ``rerank``; what is fresh is fresh then.

        Returns:
            What the policy leaves of the distinct candidates that the model knows, best first.

        Raises:
            DataError: as ``rerank``.
        """
        clock = now_ms() if now is None else now
        ranked = self.rerank(history, candidates, clock)
        scores = {one.item: one.score for one in ranked if one.score is not None}
        seen = {event.item for event in history}
        left = apply_policy(self._policy, scores, seen, self.text, clock)
        return [Ranked(one.item, one.score, tuple(one.reasons)) for one in left]

    def text(self, item: str, column: str) -> str:
        """An item's text in a column of the bundle's metadata; "" where the bundle does not say."""
        table = self._columns.get(column)
        return "" if table is None or item not in self.vocabulary else table[int(self.vocabulary.encode([item])[0]) - 1]

    def title(self, item: str) -> str | None:
        """What to call an item, or None where the bundle does not say."""
        return self.text(item, TITLE) or None

    def catalogue(self) -> list[str]:
        """Every item that the model knows, by internal id: the most frequent first."""
        return [self.vocabulary.strings[row] for row in range(len(self.vocabulary))]

    def mismatch(self, case: GoldenCase) -> str | None:
        """What is wrong with this device's answer to a golden case, or None; near-ties may swap."""
        history, ids = self.encode_history(case.history, case.now), self.encode_candidates(case.candidates)
        items = history.items[0].tolist()
        if (tuple(items), tuple(ids.tolist())) != (case.history_ids, case.candidate_ids):
            return f"encoded as {items} and {ids.tolist()}, other ids than the case has"
        scores = self.score(history, ids)
        known = [float(s) if i != PAD_ID else None for s, i in zip(scores, ids, strict=True)]
        return case.mismatch(known, best_first(ids, scores).tolist())

    def encode_history(self, history: Sequence[Event], now: int | None = None) -> History:
        """What the model reads of the events, a batch of one; ``now`` as in ``rerank``."""
        return self.padded(self.cleaned(self.checked(history)), now)

    def cleaned(self, events: Sequence[Event]) -> History:
        """Checked events in order, flat: what the model may read of them."""
        return clean_history(events, self.vocabulary, self.manifest.cleaning, self.manifest.event_codes)[0]

    def padded(self, flat: History, now: int | None = None) -> History:
        """A flat, cleaned history as the model reads it, a batch of one; ``now`` as in ``rerank``."""
        clock = now_ms() if now is None else check_now(now, "a request")
        return pad_one(flat, self.manifest.history_length, clock).like(self._reads)

    def encode_candidates(self, candidates: Sequence[str]) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; ``PAD_ID`` for an item that the model does not know."""
        if isinstance(candidates, str) or not isinstance(candidates, Iterable):
            raise DataError(f"candidates: expected a list of item ids, found {candidates!r}")
        for place, item in enumerate(candidates):
            check_item(item, f"candidates[{place}]")
        return self.vocabulary.encode(candidates)

    def score(self, history: History, candidates: npt.NDArray[np.int32]) -> Scores:
        """Logits of ``candidates [n]`` (internal ids) after one history: ``[n] float32``."""
        return self.score_chunks("rerank", history.inputs(), candidates)

    def score_chunks(
        self, signature: str, inputs: dict[str, npt.NDArray[Any]], candidates: npt.NDArray[np.int32]
    ) -> Scores:
        """Scores of any number of candidates by a signature of fixed width."""
        chunks = candidate_chunks(candidates, self.manifest.candidates)
        scores = [self.run(signature, **inputs, candidates=chunk)["scores"][0] for chunk in chunks]
        return np.concatenate([np.empty(0, np.float32), *scores])[: len(candidates)]

    def run(self, signature: str, **inputs: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Any of the bundle's signatures, as its manifest describes them."""
        return self._interpreter.run(signature, **inputs)

    def checked(self, history: Sequence[Event]) -> list[Event]:
        """The events, each of them one.

        Raises:
            DataError: an event is not what its type says.
        """
        for place, event in enumerate(history):
            check_event(event, f"history[{place}]")
        return list(history)

    def unknown_types(self, history: Sequence[Event]) -> list[str]:
        """The types of events that the model has never met, sorted; it reads such events as of an unknown type.

        None where it does not read types.
        """
        known = self.manifest.event_codes.types
        return sorted({event.event_type for event in history} - {"", *known}) if known else []

    def odd_times(self, history: Sequence[Event], now: int) -> dict[str, str]:
        """What to tell of the times of a request, by the kind of oddity; nothing where the model reads no times."""
        return odd_times(history, now) if History.names()["times"] in self.manifest.history_inputs else {}

    def tell_oddities(self, history: Sequence[Event], now: int) -> None:
        """Warn, once of each, of types that the model has never met and of times that are hardly meant so."""
        known = ", ".join(self.manifest.event_codes.types)
        told = {
            f"type {name!r}": f"the model has met no event of type {name!r}, only of {known}; it reads such events "
            "as of an unknown type"
            for name in self.unknown_types(history)
        }
        for kind, text in (told | self.odd_times(history, now)).items():
            if kind not in self._told:
                self._told.add(kind)
                warnings.warn(f"{self.bundle.path}: {text}", stacklevel=3)

    def _replay_some(self) -> None:
        """Refuse a bundle that this runtime gets wrong: some read quantized weights otherwise, and say nothing."""
        path = self.bundle.path / GOLDEN_FILE
        for number, case in chosen(self.bundle.golden()) if self.bundle.has_golden else []:
            try:
                wrong = self.mismatch(case)
            except DataError as error:
                wrong = str(error)
            if wrong is not None:
                raise ArtifactError(
                    f"{path}: case {number}: {runtime_name()} ranks otherwise than the exporter: {wrong}; use a "
                    f"runtime that serving/README.md lists as right for {self.manifest.variant}, or another variant"
                )
