"""A work directory that was moved or copied: the addresses that its database holds follow it.

MLflow keeps the address of every experiment's, run's and model's files whole. Where the database lies elsewhere than
when they were written, they would lead into the old place, or into the original of a copy.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

TAG, BESIDE = "recsys.artifacts", "beside the database"  # of an experiment whose files move with its database
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
_PATIENCE = 20.0  # seconds for another process that is writing


def relocate(database: Path, root: Path) -> bool:
    """Make every address below an earlier artifact root one below ``root``; returns whether there were any.

    Raises:
        sqlite3.Error: the database is no database, is being written for too long, or must not be written.
    """
    address = root.as_uri()
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as reader:
        if not _roots(reader) - {address}:
            return False
    with closing(sqlite3.connect(database, timeout=_PATIENCE, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        for old in _roots(writer) - {address}:
            for table, column in _COLUMNS:
                below = f"substr({column}, 1, ?) = ? OR {column} = ?"
                change = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {below}"  # noqa: S608
                writer.execute(change, (address, len(old) + 1, len(old) + 1, f"{old}/", old))
        writer.execute("COMMIT")
    return True


def _roots(connection: sqlite3.Connection) -> set[str]:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"experiments", "experiment_tags"} <= tables:
        return set()
    found = connection.execute(
        "SELECT artifact_location FROM experiments JOIN experiment_tags USING (experiment_id) "
        "WHERE key = ? AND value = ?",
        (TAG, BESIDE),
    )
    return {str(location) for (location,) in found}
