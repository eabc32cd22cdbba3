"""What tests of an engine share: its job server from Maven, and that its threads end with the test."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.engines.job_server import fetch

MARKS = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    # When the engine ends, channels close that threads of Beam's still read; what the job gave is compared here.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(scope="module")
def job_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The job server of the module's ``ENGINE``."""
    return fetch(tmp_path_factory.mktemp(request.module.ENGINE.lower()), request.module.ENGINE)


@pytest.fixture(autouse=True)
def threads_end_here() -> Iterator[None]:
    """Beam's threads notice a moment later that the engine is gone: not in somebody else's test."""
    yield
    time.sleep(3)
