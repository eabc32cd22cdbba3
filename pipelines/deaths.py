"""Worker processes that die while the main thread waits for them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class WorkerDied(BaseException):
    """Raised in the main thread, wherever it waits: no library takes it for an error of its own."""


@contextmanager
def deaths_interrupt() -> Iterator[list[str]]:
    """Raise ``WorkerDied`` in the main thread when one dies: Beam notices in a thread of its own, and may wait on.

    Outside of the main thread nothing interrupts. Yields a list, which then holds what Beam said.
    """
    main = threading.main_thread()
    ours = threading.current_thread() is main
    deaths: list[str] = []
    watching = threading.Lock()  # held for good when the block is over
    hook_before = threading.excepthook

    def hook(failure: threading.ExceptHookArgs) -> None:
        if "Worker subprocess exited" not in str(failure.exc_value):
            hook_before(failure)
        elif watching.acquire(blocking=False):
            deaths.append(str(failure.exc_value))
            if ours and len(deaths) == 1:
                signal.pthread_kill(main.ident or 0, signal.SIGUSR1)
            watching.release()

    handler_before = signal.signal(signal.SIGUSR1, _die) if ours else None
    threading.excepthook = hook
    try:
        yield deaths
    finally:
        watching.acquire()
        if threading.excepthook is hook:  # Ctrl-C puts a quieter one in place
            threading.excepthook = hook_before
        if handler_before is not None:
            signal.signal(signal.SIGUSR1, handler_before)


def _die(number: int, frame: FrameType | None) -> None:
    raise WorkerDied
