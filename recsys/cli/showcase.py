"""One real user's candidates, reranked through a bundle by the code that runs on the device."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.data.dataset import Dataset

CANDIDATES = 100
SHOWN = 10
LAST = 5
TRIED = 1000
WIDTH = 78


class Showcase(NamedTuple):
    """What a person sees of one ranking.

    Attributes:
        watched: titles of the newest events before the test item, oldest first.
        ranked: the first places, ``(title, its place by popularity)``.
        followed: the title that did follow, its place by popularity and its place here (both from 1); None where it
            was not among the candidates.
        history: the ids of what was watched.
    """

    user: str
    watched: list[str]
    ranked: list[tuple[str, int]]
    followed: tuple[str, int, int] | None
    history: list[str]


def rank_for_someone(dataset: "Dataset", bundle: Path) -> Showcase:
    """Rank the most popular items that a user has not seen, as a server without a model would send them.

    The user is the first of ``TRIED`` whose test item is among them: no order could bring up what was not sent.
    """
    from recsys.schema import COUNT, EXTERNAL_ID, TITLE
    from serving.reranker import Event, Reranker

    items, sequences = dataset.items, dataset.sequences
    by_popularity = items.sort_values(COUNT, ascending=False, kind="stable").index.to_numpy() + 1
    users, positions = sequences.targets("test")

    def request(number: int) -> tuple[list[int], list[int], int]:
        start, position = sequences.offsets[users[number]], positions[number]
        seen, followed = sequences.items[start:position].tolist(), int(sequences.items[position])
        # All that could be in the way are the seen items: no need to look further down.
        unseen = [i for i in by_popularity[: CANDIDATES + len(seen)].tolist() if i == followed or i not in set(seen)]
        return seen, unseen[:CANDIDATES], followed

    tried = range(min(TRIED, len(users)))
    chosen = next((number for number in tried if (asked := request(number))[2] in asked[1]), 0)
    user, (seen, unseen, followed) = int(users[chosen]), request(chosen)
    start = int(sequences.offsets[user])
    external = dataset.vocabulary.external_ids
    names = items[TITLE].fillna(items[EXTERNAL_ID]) if TITLE in items else items[EXTERNAL_ID]
    titles = dict(zip(external, names, strict=True))
    history = [
        Event(external[item - 1], int(sequences.timestamps[start + place]), place)
        for place, item in enumerate(seen)
        if item <= len(external)  # not an out-of-vocabulary bucket
    ]
    candidates = [external[item - 1] for item in unseen]
    order = [ranked.item for ranked in Reranker(bundle).rerank(history, candidates)]
    came_next = external[followed - 1] if followed in unseen else None
    return Showcase(
        user=str(sequences.users[user]),
        watched=[titles[event.item] for event in history[-LAST:]],
        ranked=[(titles[item], candidates.index(item) + 1) for item in order[:SHOWN]],
        followed=(titles[came_next], candidates.index(came_next) + 1, order.index(came_next) + 1)
        if came_next
        else None,
        history=[event.item for event in history[-LAST:]],
    )


def showcase_table(showcase: Showcase) -> "Table":
    from rich.table import Table

    title, before, after = showcase.followed or ("", 0, 0)
    moved = f"What did come next: {title}, moved from place {before} to place {after}"
    table = Table(
        title=f"User {showcase.user} went through … {' → '.join(showcase.watched)}",
        caption=moved if showcase.followed else "What did come next was not among the candidates",
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
