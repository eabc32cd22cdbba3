"""Batches made ahead in a thread: the same ones, in order, and nothing left behind."""

import threading
from collections.abc import Iterator

import pytest

from recsys.training.ahead import ahead


def threads() -> int:
    return sum(thread.name.startswith("ahead") for thread in threading.enumerate())


@pytest.mark.parametrize("depth", [1, 3, 100])
def test_all_items_come_in_order(depth: int) -> None:
    assert list(ahead(range(20), depth)) == list(range(20))
    assert threads() == 0


def test_no_more_than_asked_for_is_made() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    stream = ahead(items(), 2)
    assert next(stream) == 0
    stream.close()
    assert len(made) <= 3, "one handed over, two in the making"
    assert threads() == 0, "closing ends the thread"


def test_an_error_is_raised_after_what_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("row 2 is broken")

    stream = ahead(items(), 4)
    assert next(stream) == 1
    with pytest.raises(ValueError, match="row 2 is broken"):
        next(stream)
    assert threads() == 0
