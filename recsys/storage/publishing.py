"""As ``recsys.core.publishing``, for work directories that may be in a store: there, an artifact is found and sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.core import publishing
from recsys.storage.copies import fetch, make_anew, send


def is_published(target: Path, *, keep_parts: bool = False) -> bool:
    """Whether the artifact is there; one that is whole here alone, for a kill stopped its sending, is sent now."""
    if fetch(target):
        return True
    if not publishing.is_published(target, keep_parts=keep_parts):
        return False
    send(target)
    return True


@contextmanager
def publish(
    target: Path, *, overwrite: bool = False, check: Callable[[Path], None] | None = None, parts: str | None = None
) -> Iterator[Path]:
    """As the function of this name in ``recsys.core.publishing``; what has appeared is sent, its manifest last."""
    if overwrite:
        make_anew(target)
    with publishing.publish(target, overwrite=overwrite, check=check, parts=parts) as aside:
        yield aside
    send(target, overwrite=overwrite)
