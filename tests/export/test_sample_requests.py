"""Requests that go to every phone: of nobody, and of every length that a client may hold."""

from pathlib import Path

import numpy as np

from recsys.artifacts.dataset import Dataset
from recsys.core.history import History
from recsys.export.sample_requests import USERS as WITH_HISTORY
from recsys.export.sample_requests import sample_requests
from tests.tiny_dataset import write_dataset

USERS, EACH, LENGTH = 12, 10, 8


def people(path: Path) -> Dataset:
    """Nobody shares an item with anybody: user ``u`` has the items ``u-0``, ``u-1``, … one after another."""
    histories = [[user * EACH + place + 1 for place in range(EACH)] for user in range(USERS)]
    names = [f"{user}-{place}" for user in range(USERS) for place in range(EACH)]
    counts = {"users": USERS, "items": len(names), "events": len(names)}
    return write_dataset(path, histories, names, [1] * len(names), counts, {})


def test_no_request_is_anybodys_history(tmp_path: Path) -> None:
    dataset = people(tmp_path)
    requests = sample_requests(dataset, 20, History(np.zeros((1, LENGTH), np.int32)))
    lengths = [len(request.history) for request in requests]
    assert max(lengths) > LENGTH
    assert {0, 1} <= set(lengths)
    held_out = {f"{user}-{EACH - 1}" for user in range(USERS)}
    for request in requests[:WITH_HISTORY]:
        ordered = sorted(request.history, key=lambda event: (event.timestamp, event.event_id))
        owners = [event.item.split("-")[0] for event in ordered]
        for three in zip(owners, owners[1:], owners[2:], strict=False):
            assert len(set(three)) > 1, f"three events in a row are of user {three[0]}"
        assert not held_out & {event.item for event in ordered}, "a test event"
    times = {event.timestamp for request in requests for event in request.history}
    assert not times & (set(dataset.sequences.timestamps.tolist()) - {0}), "somebody's time"


def test_requests_are_the_same_every_time(tmp_path: Path) -> None:
    dataset, like = people(tmp_path), History(np.zeros((1, LENGTH), np.int32))
    assert sample_requests(dataset, 20, like) == sample_requests(dataset, 20, like)
