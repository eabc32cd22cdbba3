"""One real user's candidates, reranked through a bundle by the code that runs on the device."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.data.dataset import Dataset

CANDIDATES = 100
SHOWN = 10
LAST = 5
WIDTH = 78


class Showcase(NamedTuple):
    """What a person sees of one ranking.

    Attributes:
        watched: titles of the newest events before the test item, oldest first.
        ranked: the first places, ``(title, its place by popularity)``.
        followed: the title that did follow, its place by popularity and its place here (both from 1).
        history: the ids of what was watched.
    """

    user: str
    watched: list[str]
    ranked: list[tuple[str, int]]
    followed: tuple[str, int, int]
    history: list[str]


def rank_for_someone(dataset: "Dataset", bundle: Path) -> Showcase:
    """Rank the most popular items that a user has not seen, as a server without a model would send them.

    The user is the first whose test item is among them: no order could bring up what was not sent.

    Raises:
        DataError: there is no such user.
    """
    from recsys.errors import DataError
    from recsys.schema import COUNT, EXTERNAL_ID, TITLE
    from serving.reranker import Event, Reranker

    items, sequences = dataset.items, dataset.sequences
    by_popularity = items.sort_values(COUNT, ascending=False, kind="stable").index + 1
    for user, position in zip(*sequences.targets("test"), strict=True):
        start = int(sequences.offsets[user])
        seen, followed = sequences.items[start:position].tolist(), int(sequences.items[position])
        unseen = by_popularity[~by_popularity.isin(set(seen) - {followed})][:CANDIDATES].tolist()
        if followed in unseen:
            break
    else:
        raise DataError(f"{dataset.path}: no user's test item is among their {CANDIDATES} most popular unseen ones")
    external = dataset.vocabulary.external_ids
    names = items[TITLE].fillna(items[EXTERNAL_ID]) if TITLE in items else items[EXTERNAL_ID]
    titles = dict(zip(external, names, strict=True))
    history = [
        Event(external[item - 1], int(sequences.timestamps[start + place]), place) for place, item in enumerate(seen)
    ]
    candidates = [external[item - 1] for item in unseen]
    order = [ranked.item for ranked in Reranker(bundle).rerank(history, candidates)]
    next_item = external[followed - 1]
    return Showcase(
        user=str(sequences.users[user]),
        watched=[titles[event.item] for event in history[-LAST:]],
        ranked=[(titles[item], candidates.index(item) + 1) for item in order[:SHOWN]],
        followed=(titles[next_item], candidates.index(next_item) + 1, order.index(next_item) + 1),
        history=[event.item for event in history[-LAST:]],
    )


def showcase_table(showcase: Showcase) -> "Table":
    from rich.table import Table

    title, before, after = showcase.followed
    table = Table(
        title=f"User {showcase.user} went through … {' → '.join(showcase.watched)}",
        caption=f"What did come next: {title}, moved from place {before} to place {after}",
        min_width=WIDTH,
    )
    table.add_column("place", justify="right")
    table.add_column(f"{CANDIDATES} candidates, reranked by the device's code", ratio=1)
    table.add_column("place by popularity", justify="right")
    for number, (name, place) in enumerate(showcase.ranked, 1):
        table.add_row(str(number), name, str(place), style="bold" if name == title else None)
    return table


def bundle_table(variants: dict[str, dict[str, Any]]) -> "Table":
    """Size, latency and quality of each variant."""
    from rich.table import Table

    title = "Bundles: what a phone downloads, and how long one ranking takes one thread of this machine"
    table = Table(title=title, min_width=WIDTH)
    table.add_column("variant", ratio=1)
    for name in ("size", "median", "NDCG@10"):
        table.add_column(name, justify="right")
    for name, facts in variants.items():
        table.add_row(
            name, f"{facts['bytes'] / 1024:.0f} KiB", f"{facts['median_ms']:.2f} ms", f"{facts['ndcg@10']:.4f}"
        )
    return table
