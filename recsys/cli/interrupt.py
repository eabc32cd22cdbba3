"""Ctrl-C: one line and exit code 130, whatever threads and libraries make of it."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from recsys.terminal import for_programs

EXIT_INTERRUPTED = 130
PATIENCE = 10.0  # seconds to clear up in, before the process ends all the same


class Interrupt:
    """Whether the person at the terminal asked to stop."""

    def __init__(self, said: str) -> None:
        self.asked = False
        self._said = said

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal: the first one unwinds the command, the second ends the process."""
        if self.asked:
            self._end()
        self.asked = True
        threading.excepthook = lambda told: None  # what is cut off in other threads is no news
        sys.unraisablehook = lambda told: None
        timer = threading.Timer(PATIENCE, self._end)
        timer.daemon = True
        timer.start()
        raise KeyboardInterrupt

    def _end(self) -> None:
        told = json.dumps({"error": self._said, "code": EXIT_INTERRUPTED}) if for_programs() else self._said
        os.write(2, f"{told}\n".encode())
        os._exit(EXIT_INTERRUPTED)


@contextmanager
def interruptible(said: str) -> Iterator[Interrupt]:
    """Handle Ctrl-C while the block runs, and ``said`` in case the process has to be ended.

    Where the signal is ignored (a shell's background job) or this is not the main thread, nothing is changed. After a
    signal the handler stays: the process is about to end.
    """
    interrupt = Interrupt(said)
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if main and before is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupt
    finally:
        if main and not interrupt.asked:
            signal.signal(signal.SIGINT, before)
