"""A real user's candidates, reranked through a bundle by the code that runs on the device."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from recsys.cli.tables import WIDTH

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.artifacts.dataset import Dataset
    from serving.reranker import Reranker

CANDIDATES = 100
SHOWN = 10
NEWEST = 5
TRIED, USERS = 1000, 200


class Ranking(NamedTuple):
    """One user's candidates, in the log's own ids.

    Attributes:
        history: what the user had done, oldest first.
        candidates: by falling popularity, as a server without a model would send them.
        order: the same, reranked.
        followed: what did come next; None where it was not sent.
    """

    user: str
    history: list[str]
    candidates: list[str]
    order: list[str]
    followed: str | None

    @property
    def moved(self) -> tuple[int, int]:
        """The place of what came next among the candidates and in the order, from 1."""
        assert self.followed is not None
        return self.candidates.index(self.followed) + 1, self.order.index(self.followed) + 1


class Showcase(NamedTuple):
    """A ranking to look at, and the mean places of what came next over all the rankings it was taken from."""

    ranking: Ranking
    titles: dict[str, str]
    users: int
    before: float
    after: float


def rank_for_someone(dataset: "Dataset", bundle: Path) -> Showcase:
    """Rerank the candidates of up to ``USERS`` users, and show the one whose next item moved by the median.

    Only users count whose next item is among their candidates: no order could bring up what was not sent.
    """
    from recsys.core.schema import EXTERNAL_ID, TITLE
    from serving.reranker import Reranker

    items, reranker = dataset.items, Reranker(bundle)
    names = items[TITLE].fillna(items[EXTERNAL_ID]) if TITLE in items else items[EXTERNAL_ID]
    titles = dict(zip(items[EXTERNAL_ID], names, strict=True))
    served = list(islice((one for one in _rankings(dataset, reranker) if one.followed is not None), USERS))
    if not served:
        return Showcase(next(_rankings(dataset, reranker)), titles, 0, 0.0, 0.0)
    before, after = (fmean(places) for places in zip(*(one.moved for one in served), strict=True))
    by_gain = sorted(served, key=lambda one: one.moved[0] - one.moved[1])
    return Showcase(by_gain[len(by_gain) // 2], titles, len(served), before, after)


def _rankings(dataset: "Dataset", reranker: "Reranker") -> Iterator[Ranking]:
    """The rankings of the first ``TRIED`` test users."""
    import numpy as np

    from recsys.sequences.ranges import count_in_ranges

    sequences, external = dataset.sequences, dataset.vocabulary.external_ids
    # The count of an item must not know of the event to come.
    counts = count_in_ranges(sequences.items, *sequences.bounds("train"), len(external) + 1)[1 : len(external) + 1]
    by_popularity = np.argsort(-counts, kind="stable") + 1
    for user, position in islice(zip(*sequences.targets("test"), strict=True), TRIED):
        start = sequences.offsets[user]
        seen, followed = sequences.items[start:position].tolist(), int(sequences.items[position])
        # All that could be in the way are the seen items: no need to look further down.
        hidden, sendable = set(seen) - {followed}, by_popularity[: CANDIDATES + len(seen)].tolist()
        unseen = [item for item in sendable if item not in hidden][:CANDIDATES]
        history = dataset.client_events(start, position)
        candidates = [external[item - 1] for item in unseen]
        yield Ranking(
            user=str(sequences.users[user]),
            history=[event.item for event in history],
            candidates=candidates,
            order=[one.item for one in reranker.rerank(history, candidates, int(sequences.timestamps[position]))],
            followed=external[followed - 1] if followed in unseen else None,
        )


def showcase_table(showcase: Showcase) -> "Table":
    from recsys.plain_table import PlainTable

    ranking, titles = showcase.ranking, showcase.titles
    caption = "What did come next was not among the candidates"
    if ranking.followed is not None:
        before, after = ranking.moved
        caption = (
            f"What did come next: {titles[ranking.followed]}, from place {before} to place {after}."
            f" On average over {showcase.users} users: from place {showcase.before:.1f} to place {showcase.after:.1f}"
        )
    newest = " → ".join(titles[item] for item in ranking.history[-NEWEST:])
    table = PlainTable(title=f"User {ranking.user} went through … {newest}", caption=caption, min_width=WIDTH)
    table.add_column("place", justify="right")
    table.add_column(f"{len(ranking.candidates)} candidates, reranked by the device's code", ratio=1)
    table.add_column("place by popularity", justify="right")
    for place, item in enumerate(ranking.order[:SHOWN], 1):
        style = "bold" if item == ranking.followed else None
        table.add_row(str(place), titles[item], str(ranking.candidates.index(item) + 1), style=style)
    return table
