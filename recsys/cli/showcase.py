"""One real user's candidates, reranked through a bundle by the code that runs on the device."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.data.dataset import Dataset

CANDIDATES = 100
SHOWN = 10
LAST = 5


class Showcase(NamedTuple):
    """What a person sees of one ranking.

    Attributes:
        watched: titles of the newest events before the test item, oldest first.
        ranked: the first places, ``(title, its place by popularity)``.
        followed: the title that did follow, its place by popularity and its place here (both from 1).
    """

    user: str
    watched: list[str]
    ranked: list[tuple[str, int]]
    followed: tuple[str, int, int]


def rank_for_someone(dataset: "Dataset", bundle: Path) -> Showcase:
    """Rank the most popular items that the first test user has not seen, the one that did follow among them."""
    import numpy as np

    from recsys.schema import COUNT, EXTERNAL_ID, TITLE
    from serving.reranker import Event, Reranker

    items, sequences = dataset.items, dataset.sequences
    names = items[TITLE].fillna(items[EXTERNAL_ID]).tolist() if TITLE in items else items[EXTERNAL_ID].tolist()
    titles = dict(zip(items[EXTERNAL_ID], names, strict=True))
    external = dataset.vocabulary.external_ids
    users, positions = sequences.targets("test")
    user, target = int(users[0]), int(positions[0])
    start = int(sequences.offsets[user])
    seen = sequences.items[start:target].tolist()
    followed = external[sequences.items[target] - 1]
    popular = [external[i] for i in np.argsort(-items[COUNT].to_numpy(), kind="stable") if i + 1 not in set(seen)]
    candidates = popular[:CANDIDATES]
    if followed not in candidates:
        candidates = [*candidates[:-1], followed]
    history = [
        Event(external[item - 1], int(sequences.timestamps[start + place]), place) for place, item in enumerate(seen)
    ]
    order = [ranked.item for ranked in Reranker(bundle).rerank(history, candidates)]
    place = {item: number for number, item in enumerate(popular, 1)}
    return Showcase(
        user=str(sequences.users[user]),
        watched=[titles[event.item] for event in history[-LAST:]],
        ranked=[(titles[item], place.get(item, len(popular))) for item in order[:SHOWN]],
        followed=(titles[followed], place.get(followed, len(popular)), order.index(followed) + 1),
    )


def showcase_table(showcase: Showcase) -> "Table":
    from rich.table import Table

    title, before, after = showcase.followed
    table = Table(
        title=f"User {showcase.user}, after {' → '.join(showcase.watched)}",
        caption=f"What did come next: {title}, from place {before} by popularity to place {after} of {CANDIDATES}",
    )
    table.add_column("place", justify="right")
    table.add_column(f"reranked on the device, from {CANDIDATES} candidates")
    table.add_column("by popularity", justify="right")
    for number, (name, place) in enumerate(showcase.ranked, 1):
        table.add_row(str(number), name, str(place), style="bold" if name == title else None)
    return table


def bundle_table(variants: dict[str, dict[str, Any]]) -> "Table":
    """Size, latency and quality of each variant."""
    from rich.table import Table

    table = Table(title="Bundles: what a phone downloads, and one ranking of 100 candidates on one thread here")
    for name in ("variant", "size", "median", "NDCG@10"):
        table.add_column(name, justify="left" if name == "variant" else "right")
    for name, facts in variants.items():
        table.add_row(
            name, f"{facts['bytes'] / 1024:.0f} KiB", f"{facts['median_ms']:.2f} ms", f"{facts['ndcg@10']:.4f}"
        )
    return table
