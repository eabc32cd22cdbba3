"""Data sets by name: fetched, verified by SHA-256, normalized, and cached.

Whatever route a data set came by, the files below ``CACHE/NAME/`` are the same to the byte: ``events.csv``
(``user_id,item_id,timestamp,event_id,rating``; the event id is the line number in the source's own file) and
``items.csv`` (``item_id,title,year,genres``).
"""

from pathlib import Path
from typing import NamedTuple

from recsys.core.artifact import check_files, file_hashes, read_manifest
from recsys.core.errors import ArtifactError, ConfigError, DataError, RecsysError
from recsys.core.json_files import write_json
from recsys.core.publishing import publish
from recsys.core.schema import MANIFEST
from recsys.log.sources.catalog import CATALOG, NamedDataset
from recsys.log.sources.movielens import RATING, normalize
from recsys.terminal import say

__all__ = ["CATALOG", "RATING", "FetchedLog", "NamedDataset", "fetch", "fetch_dataset"]

KIND = "named data set"
FORMAT_VERSION = 2  # 1 had no ratings
EVENTS_FILE = "events.csv"
ITEMS_FILE = "items.csv"


class FetchedLog(NamedTuple):
    """A named data set on this machine.

    Attributes:
        route: where it came from, in words.
    """

    name: str
    events: Path
    items: Path
    route: str


def fetch(name: str, cache_dir: Path) -> FetchedLog:
    """The data set called ``name``, fetched into ``cache_dir / name`` unless it is there already.

    Raises:
        ConfigError: no data set of that name.
        DataError: what was fetched is not what was published (wrong SHA-256).
        RecsysError: no route led to it.
    """
    if name not in CATALOG:
        raise ConfigError(f"data.name: no data set is called {name!r}; known: {', '.join(sorted(CATALOG))}")
    return fetch_dataset(CATALOG[name], cache_dir)


def fetch_dataset(dataset: NamedDataset, cache_dir: Path) -> FetchedLog:
    """As ``fetch``, for a data set that need not stand in the catalog."""
    target = cache_dir / dataset.name
    if not target.exists():
        return _fetch_anew(dataset, target)
    try:
        manifest = read_manifest(target, KIND, FORMAT_VERSION)
        check_files(target, manifest["files"], KIND)
    except ArtifactError as error:
        say(f"{error}\n{dataset.name}: the cached copy is damaged, fetching it again")
        return _fetch_anew(dataset, target)
    if manifest["format_version"] < FORMAT_VERSION:
        say(f"{dataset.name}: the cached copy is of an older layout, fetching it again")
        return _fetch_anew(dataset, target)
    return FetchedLog(dataset.name, target / EVENTS_FILE, target / ITEMS_FILE, manifest["route"])


def _fetch_anew(dataset: NamedDataset, target: Path) -> FetchedLog:
    with publish(target, overwrite=True) as aside:
        route = _fetch_by_any_route(dataset, aside)
        manifest = {"kind": KIND, "format_version": FORMAT_VERSION, "name": dataset.name, "route": route}
        write_json(aside / MANIFEST, {**manifest, "terms": dataset.terms, "files": file_hashes(aside)})
    return FetchedLog(dataset.name, target / EVENTS_FILE, target / ITEMS_FILE, route)


def _fetch_by_any_route(dataset: NamedDataset, target: Path) -> str:
    """Try the routes in order, saying aloud why one fails; returns the one that led there."""
    failures: list[RecsysError] = []
    for route in dataset.routes:
        say(f"{dataset.name}: fetching {route}")
        try:
            archive = route.fetch(target)
            try:
                normalize(route.layout, archive, target / EVENTS_FILE, target / ITEMS_FILE)
            finally:
                archive.unlink()
        except RecsysError as error:
            say(f"{dataset.name}: {error}")
            failures.append(error)
            continue
        say(f"{dataset.name}: verified. {dataset.terms}")
        return str(route)
    reasons = "\n".join(f"  {error}" for error in failures)
    kind = DataError if any(isinstance(error, DataError) for error in failures) else RecsysError
    raise kind(f"{dataset.name}: could not be fetched\n{reasons}")
