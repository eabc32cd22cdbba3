"""Which data sets are known by name, and every route to each, with the hashes that make routes equal."""

from dataclasses import dataclass

from recsys.log.sources.routes import Route, UrlRoute, WheelRoute

GROUPLENS = "https://files.grouplens.org/datasets/movielens"


@dataclass(frozen=True)
class NamedDataset:
    """A data set and the routes to it, best first.

    Attributes:
        terms: what its owner asks of whoever uses it, shown when it is fetched.
    """

    name: str
    terms: str
    routes: tuple[Route, ...]


def _movielens(size: str, archive: str, length: int, sha256: str, *others: Route) -> NamedDataset:
    return NamedDataset(
        name=f"movielens-{size}",
        terms=f"MovieLens belongs to GroupLens and is for research: {GROUPLENS}/{archive}-README.txt",
        routes=(UrlRoute(archive, f"{GROUPLENS}/{archive}.zip", length, sha256), *others),
    )


CATALOG = {
    "movielens-100k": _movielens(
        "100k", "ml-100k", 4_924_029, "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
        WheelRoute(
            "recbole-ml-100k", "recbole==1.2.1", "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
        ),
    ),
    "movielens-1m": _movielens(
        "1m", "ml-1m", 5_917_549, "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20"
    ),
    "movielens-20m": _movielens(
        "20m", "ml-20m", 198_702_078, "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3"
    ),
}  # fmt: skip
