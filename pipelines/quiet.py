"""Beam's diary off the terminal, and nobody else's."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

NEVER = logging.CRITICAL + 1
LOGGERS = ("apache_beam", "grpc")


@contextmanager
def beam_silent() -> Iterator[None]:
    """Drop what Beam logs while the block runs: advice, and its own account of an error that is raised as well."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    handlers = logging.root.handlers[:]
    for name in LOGGERS:
        logging.getLogger(name).setLevel(NEVER)
    logging.root.addFilter(_is_another)  # Beam logs some of it on the root
    try:
        yield
    finally:
        logging.root.removeFilter(_is_another)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.root.handlers[:] = handlers  # logging adds one itself where there is none


def _is_another(record: logging.LogRecord) -> bool:
    return "apache_beam" not in record.pathname
