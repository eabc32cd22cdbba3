"""Requests that stand for real ones: what goldens record, parity compares and latency times."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import Dataset
from recsys.bundle import GoldenCase
from recsys.core.candidates import best_first, pad_candidates
from recsys.core.events import Event
from recsys.core.history import History, client_encoding, encode_history
from recsys.core.schema import PAD_ID

USERS = 6
UNKNOWN = "no such item ☃"


@dataclass(frozen=True)
class SampleRequest:
    """A client's raw request."""

    history: tuple[Event, ...]
    candidates: tuple[str, ...]
    now: int  # milliseconds since 1970


def sample_requests(dataset: Dataset, count: int, like: History, new: int = 0) -> list[SampleRequest]:
    """Some users' histories (the longest and the shortest among them), an empty one and one with what is unknown.

    Events come shuffled, as a client may hold them; candidates are the user's next item and a random draw. Test events
    are left out: what is decided by these requests must not depend on them.

    Args:
        count: candidates of a request, at most.
        like: the channels that the model reads; values that it does not are left out.
        new: how many of the last items were added after training. The requests are those without them, so that a phone
            that has these need not fetch them again, and one more that asks for them.
    """
    _, codes = client_encoding(like, dataset.policy, dataset.codes)
    random = np.random.default_rng(0)
    sequences, vocabulary = dataset.sequences, dataset.vocabulary
    known = len(vocabulary) - new
    starts, ends = sequences.bounds("train")[0], sequences.bounds("validation")[1]
    lengths = ends - starts
    with_history = np.flatnonzero(lengths > 1)
    by_length = with_history[np.argsort(lengths[with_history], kind="stable")]
    chosen = [int(by_length[-1]), int(by_length[0])]
    chosen += random.choice(with_history, min(USERS - 2, len(with_history)), replace=False).tolist()
    requests = []
    for user in chosen:
        start, end = starts[user], ends[user]
        events = dataset.client_events(start, end - 1)
        drawn = random.choice(known, min(count, known), replace=False)
        following = [event.item for event in dataset.client_events(end - 1, end)]  # none where only a bucket knows it
        candidates = following + [item for item in (vocabulary.external_ids[i] for i in drawn) if item not in following]
        if codes.value_edges is None:
            events = [event._replace(value=None) for event in events]
        shuffled = [events[i] for i in random.permutation(len(events))]
        requests.append(SampleRequest(tuple(shuffled), tuple(candidates[:count]), int(sequences.timestamps[end - 1])))
    last = requests[-1]
    requests.append(SampleRequest((), last.candidates, last.now))
    some = last.history[0] if last.history else Event(UNKNOWN, last.now)
    strange = [some._replace(item=UNKNOWN, event_id=0)]
    if codes.to_json():  # the newest event is of a type that nobody has met, and has no value
        kind = UNKNOWN if codes.types else some.event_type
        strange.append(Event(some.item, last.now, len(last.history), kind))
    requests.append(SampleRequest((*last.history, *strange), (UNKNOWN, *last.candidates[: count - 1]), last.now))
    if new:
        added = vocabulary.external_ids[known : known + max(count - 1, 1)]
        requests.append(SampleRequest(last.history, (*added, *last.candidates[:1])[:count], last.now))
    return requests


def encode(request: SampleRequest, dataset: Dataset, like: History, width: int) -> dict[str, npt.NDArray[np.int32]]:
    """A request as the model's inputs: the channels of ``like``, and ``candidates [1, width]`` (padded)."""
    candidates = pad_candidates(dataset.vocabulary.encode(request.candidates), width)
    length = int(like.items.shape[1])
    policy, codes = client_encoding(like, dataset.policy, dataset.codes)
    history = encode_history(request.history, dataset.vocabulary, length, policy, request.now, codes)
    return {**history.like(like).inputs(), "candidates": candidates}


def golden_case(
    request: SampleRequest, inputs: dict[str, npt.NDArray[np.int32]], scores: npt.NDArray[np.float32], tolerance: float
) -> GoldenCase:
    """The request, its inputs as ``encode`` gives them, and the answer ``scores [1, width]``."""
    ids, answer = inputs["candidates"][0, : len(request.candidates)], scores[0, : len(request.candidates)]
    return GoldenCase(
        history=request.history,
        candidates=request.candidates,
        now=request.now,
        history_ids=tuple(inputs["history"][0].tolist()),
        candidate_ids=tuple(ids.tolist()),
        # The shortest number that is this float32: half as many digits for a phone to download.
        scores=tuple(None if i == PAD_ID else float(str(s)) for i, s in zip(ids, answer, strict=True)),
        order=tuple(best_first(ids, answer).tolist()),
        tolerance=tolerance,
    )
