"""Requests that stand for real ones, of nobody: what goldens record, parity compares and latency times."""

from dataclasses import dataclass
from itertools import cycle

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import Dataset
from recsys.bundle import GoldenCase
from recsys.core.candidates import best_first, pad_candidates
from recsys.core.events import Event
from recsys.core.history import History, client_encoding, encode_history
from recsys.core.schema import PAD_ID

USERS = 6  # who have a history
SECOND, MONTH = 1000, 30 * 86_400  # milliseconds; seconds
DAY = 86_400 * SECOND
TIED = 0.1  # share of events that happen at the time of the one before
UNKNOWN = "no such item ☃"


@dataclass(frozen=True)
class SampleRequest:
    """A client's raw request."""

    history: tuple[Event, ...]
    candidates: tuple[str, ...]
    now: int  # milliseconds since 1970


def sample_requests(dataset: Dataset, count: int, like: History, new: int = 0) -> list[SampleRequest]:
    """Histories of people who do not exist, an empty one and one with what is unknown: a bundle goes to every phone.

    Each is put together of pairs of successive events, of as many users where there are as many, at made-up times; the
    longest is longer than the model reads, the shortest has one event. Events come shuffled, as a client may hold them;
    candidates are what followed the last one and a random draw. Test events are left out: what is decided by these
    requests must not depend on them.

    Args:
        count: candidates of a request, at most.
        like: the channels that the model reads; values that it does not are left out.
        new: how many of the last items were added after training. The requests are those without them, so that a phone
            that has these need not fetch them again, and one more that asks for them.
    """
    _, codes = client_encoding(like, dataset.policy, dataset.codes)
    random = np.random.default_rng(0)
    sequences, vocabulary = dataset.sequences, dataset.vocabulary
    known, now = len(vocabulary) - new, int(sequences.timestamps.max()) // DAY * DAY
    bounds = sequences.bounds("train")[0], sequences.bounds("validation")[1]
    lengths = bounds[1] - bounds[0]
    most = int(like.items.shape[1])
    usual = np.quantile(lengths[lengths > 1], np.linspace(0.2, 0.8, USERS - 2)).astype(int).tolist()
    requests = []
    for length in (most + most // 4 + 1, 1, *usual):
        *events, following = _made_up(dataset, bounds, length + 1, now, random)
        drawn = [vocabulary.external_ids[i] for i in random.choice(known, min(count, known), replace=False)]
        candidates = [following.item, *(item for item in drawn if item != following.item)]
        if codes.value_edges is None:
            events = [event._replace(value=None) for event in events]
        shuffled = [events[i] for i in random.permutation(len(events))]
        requests.append(SampleRequest(tuple(shuffled), tuple(candidates[:count]), now))
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


def _made_up(
    dataset: Dataset,
    bounds: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    length: int,
    now: int,
    random: np.random.Generator,
) -> list[Event]:
    """``length`` events, oldest first, each pair of successive ones taken from somebody else's between the bounds.

    The time between two of them is anything from none at all to a month; the last one happens ``now``.
    """
    starts, ends = bounds
    users, events = random.permutation(np.flatnonzero(ends - starts > 1)), list[Event]()
    for user in cycle(users.tolist()):
        first = int(random.integers(starts[user], ends[user] - 1))
        events += dataset.client_events(first, first + 2)  # fewer, where only a bucket knows an item
        if len(events) >= length:
            break
    gaps = (SECOND * MONTH ** random.random(length - 1)).astype(np.int64) * (random.random(length - 1) > TIED)
    times = now - np.append(np.cumsum(gaps[::-1])[::-1], 0)
    return [
        event._replace(timestamp=int(time), event_id=place)
        for place, (event, time) in enumerate(zip(events[:length], times, strict=True))
    ]


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
