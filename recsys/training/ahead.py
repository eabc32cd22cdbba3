"""Work done ahead in a thread: the next batches are made while TensorFlow, which lets go of the interpreter, steps.

``tf.data.Dataset.from_generator(…).prefetch(4)`` does the same through a copy and a call a batch.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item], depth: int) -> Generator[Item]:
    """The same ``items``, at most ``depth`` of them made before they are asked for.

    Closing the generator ends the thread; what ``items`` raises is raised here, in its place.
    """
    iterator, end = iter(items), object()
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        made = deque(thread.submit(next, iterator, end) for _ in range(depth))
        while (item := made.popleft().result()) is not end:
            made.append(thread.submit(next, iterator, end))
            yield item  # type: ignore[misc]  # it is not the end
    finally:
        thread.shutdown(cancel_futures=True)
