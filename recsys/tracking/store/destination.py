"""Which store and which experiment: the config's, else the environment's, else those of the work directory.

What is heard of MLflow's own variables, and which of them is set but not heard, is said once.
"""

import os
import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from recsys.config.secrets import without_secrets
from recsys.config.tracking import EXPERIMENT, TrackingConfig
from recsys.terminal import say

DATABASE = "mlflow.db"
ARTIFACT_ROOT = "mlartifacts"
URI_VARIABLE, EXPERIMENT_VARIABLE = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"
_NOT_HEARD = {
    "MLFLOW_EXPERIMENT_ID": "name the experiment by tracking.experiment or MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_REGISTRY_URI": "models are registered where their runs are",
}


@dataclass(frozen=True)
class Destination:
    """Where runs go.

    Attributes:
        uri: as MLflow must be given it, passwords included; ``shown`` is for everyone else.
        experiment: by its name.
        artifacts: where a new experiment keeps its files, or None where the store's owner says.
        database: the SQLite file, or None where the store is none.
    """

    uri: str = field(repr=False)
    experiment: str
    artifacts: Path | None
    database: Path | None

    @property
    def shown(self) -> str:
        return without_secrets(self.uri)


def destination(tracking: TrackingConfig, work_dir: Path) -> Destination:
    """Where ``tracking`` sends the runs of ``work_dir``."""
    uri = tracking.uri or os.environ.get(URI_VARIABLE) or _sqlite(work_dir / DATABASE)
    experiment = tracking.experiment or os.environ.get(EXPERIMENT_VARIABLE) or EXPERIMENT
    database = _database(uri)
    if database is not None:
        return Destination(uri, experiment, database.parent / ARTIFACT_ROOT, database)
    # Without a server that hands out files, a database's clients keep them; never where a command happens to stand.
    direct = uri.startswith(("postgresql", "mysql", "mssql", "sqlite"))
    return Destination(uri, experiment, (work_dir / ARTIFACT_ROOT).resolve() if direct else None, None)


def where_to_look(tracking: TrackingConfig, work_dir: Path, mlflow: str = "mlflow") -> str:
    """What a person types to see the runs, or the address of the server that shows them."""
    shown = destination(tracking, work_dir).shown
    if shown.startswith(("http://", "https://")):
        return shown
    return shlex.join([mlflow, "ui", "--backend-store-uri", shown])


def nothing_in(tracking: TrackingConfig, work_dir: Path) -> str:
    """What to say where there is no store, or no such experiment in it."""
    found = destination(tracking, work_dir)
    return f"{found.shown}: no experiment {found.experiment!r} here, and no runs in {work_dir}; recsys train makes one"


def announce(tracking: TrackingConfig, work_dir: Path) -> None:
    """Say, once a process, which of MLflow's variables decides where runs go, and which has no say."""
    found = destination(tracking, work_dir)
    for variable, key, chosen, used in (
        (URI_VARIABLE, "tracking.uri", tracking.uri, found.shown),
        (EXPERIMENT_VARIABLE, "tracking.experiment", tracking.experiment, found.experiment),
    ):
        wanted = os.environ.get(variable)
        if not wanted:
            continue
        if chosen is None:
            _say_once(f"mlflow: {variable} is set: runs go to {used}")
        elif chosen != wanted:
            _say_once(f"mlflow: {key} is {used}, so {variable} is not used")
    for variable, instead in _NOT_HEARD.items():
        if os.environ.get(variable):
            _say_once(f"mlflow: {variable} is not used; {instead}")


@cache
def _say_once(message: str) -> None:
    say(message)


def _sqlite(database: Path) -> str:
    """The database's address; SQLAlchemy knows which characters of a path it must spell otherwise."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(database.resolve())).render_as_string()


def _database(uri: str) -> Path | None:
    if not uri.startswith("sqlite:"):
        return None
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        name = make_url(uri).database
    except (ArgumentError, ValueError):
        return None  # opening it says what is wrong
    return None if name in (None, "", ":memory:") or str(name).startswith("file:") else Path(str(name)).resolve()
