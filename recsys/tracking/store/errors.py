"""What MLflow, its database or its network raise, as one error that names the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.config.secrets import scrubbed
from recsys.core.errors import RecsysError
from recsys.tracking.store.destination import Destination
from recsys.tracking.store.quiet import quiet


class StoreError(RecsysError):
    """The MLflow store cannot be reached or used. Exit code 1."""


@contextmanager
def store_errors(place: Destination) -> Iterator[None]:
    """MLflow, quiet; what it, its database or its network raise becomes one ``StoreError`` that names the store.

    No cause hangs on the error: it would show the address whole, with its password.
    """
    with quiet():
        import mlflow
        from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except ImportError as error:
            missing = f"it needs the Python package {error.name}; pip install its driver"
            raise StoreError(f"{place.shown}: the MLflow store cannot be used: {missing}") from None
        except (mlflow.MlflowException, SQLAlchemyError, sqlite3.Error, OSError, ValueError, ParseError) as error:
            told = scrubbed(_reason(error), place.uri)
            raise StoreError(f"{place.shown}: the MLflow store cannot be used: {told}") from None


def _reason(error: BaseException) -> str:
    """The database's own words where it spoke, else the first line."""
    cause: BaseException | None = error
    while cause is not None:
        spoken = getattr(cause, "orig", None)
        if isinstance(spoken, BaseException):
            error = spoken
            break
        cause = cause.__cause__ or cause.__context__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
