"""MLflow as this program wants it, for as long as a call takes: what a caller had set is back afterwards."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# A store that is away must be noticed at once: what could not be sent is kept and sent again by the uploader, not by
# retries inside a request. MLflow reports its use to its makers unless told otherwise. Whoever has set one of them
# in the environment is heard.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
LOGGER = logging.getLogger("mlflow")

_lock, _settings, _users = threading.Lock(), ExitStack(), 0


@contextmanager
def quiet() -> Iterator[None]:
    """MLflow without telemetry, retries, progress bars and chatter. Threads may be in it at once, and again."""
    global _users
    with _lock:
        if not _users:
            _settings.enter_context(_set())
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _settings.close()


@contextmanager
def _set() -> Iterator[None]:
    ours = SETTINGS.keys() - os.environ.keys()
    os.environ.update({name: SETTINGS[name] for name in ours})
    import mlflow  # noqa: F401  # sets its logger's level when it is first imported

    level = LOGGER.level
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        LOGGER.setLevel(max(level, logging.WARNING))
    yield
    LOGGER.setLevel(level)
    for name in ours:
        os.environ.pop(name, None)


@contextmanager
def looked_up_in(uri: str) -> Iterator[None]:
    """``models:/`` addresses are looked up in the store at ``uri``: MLflow asks the process's, not the client's."""
    from mlflow.environment_variables import MLFLOW_TRACKING_URI
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    before = os.environ.get(MLFLOW_TRACKING_URI.name)
    try:
        with _use_tracking_uri(uri):
            yield
    finally:
        if before is not None:
            os.environ[MLFLOW_TRACKING_URI.name] = before
