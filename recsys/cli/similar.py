"""Show the items nearest to one, by the cosine of the vectors that a run has learned.

    recsys similar work/runs/DIGEST --item 50
    recsys similar work/runs/DIGEST --item 50 --top 20 --json
    recsys similar work/runs/DIGEST --item 50 --html items.html --colour genres

``embedding`` is what ranks. Where the model reads features of items (data.items.features), two further lists tell what
it is made of: ``own``, what events alone have taught of the items, and ``features``, what the item table says of them.
An item without events has no vector of its own, and is near others by its features. The page has a map of the catalog,
too.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, add_work_dir, path, positive, print_json, where
from recsys.cli.ids import item_id
from recsys.cli.results.rankings import SimilarResult

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from rich.table import Table

    from recsys.artifacts.dataset import Dataset
    from recsys.evaluation.items.similar_items import Neighbour


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", type=where, help="a finished run's directory")
    parser.add_argument("--item", metavar="ITEM", type=item_id, required=True, help="its own id, as the log has it")
    parser.add_argument("--dataset", type=where, help="what it was trained on (default: found in the work directory)")
    parser.add_argument("--top", metavar="N", type=positive, default=10, help="items of a list (default: 10)")
    parser.add_argument("--html", metavar="FILE", type=path, help="write the lists and a map of the catalog as a page")
    parser.add_argument("--colour", metavar="COLUMN", help="column of the item table that colours the page's map")
    add_work_dir(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.finding import dataset_of
    from recsys.artifacts.run import Run
    from recsys.core.errors import ConfigError
    from recsys.core.schema import EXTERNAL_ID, TITLE
    from recsys.evaluation.items.similar_items import item_vectors, similar_items
    from recsys.terminal import results

    if args.colour is not None and args.html is None:
        raise ConfigError("--colour colours the page's map; name the page with --html")
    finished = Run(args.run)
    dataset = Dataset(args.dataset) if args.dataset is not None else dataset_of(finished, args.work_dir)
    tables = item_vectors(finished)
    found = similar_items(finished, dataset, args.item, args.top, tables)
    if args.html is not None:
        _write_page(args.html, dataset, tables["embedding"], {args.item: found}, args.colour)
    titles = dict(zip(dataset.items[EXTERNAL_ID], dataset.items[TITLE], strict=True)) if TITLE in dataset.items else {}

    def described(item: str) -> dict[str, Any]:
        title = titles.get(item)
        return {"item": item, **({"title": title} if isinstance(title, str) else {})}

    neighbours = {kind: [{**described(one.item), "cosine": one.cosine} for one in near] for kind, near in found.items()}
    result = SimilarResult(str(args.run), described(args.item), neighbours)
    if args.json:
        print_json(result)
    else:
        results().print(_table(result))
    return 0


def _write_page(
    page: Path,
    dataset: "Dataset",
    vectors: "npt.NDArray[np.float32]",
    near: "dict[str, dict[str, list[Neighbour]]]",
    colour: str | None,
) -> None:
    from recsys.core.publishing import appearing
    from recsys.evaluation.items.item_page import item_page
    from recsys.terminal import say

    with appearing(page) as aside:
        aside.write_text(item_page(dataset, vectors, near, colour), encoding="utf-8")
    say(f"{page}: written")


def _table(result: SimilarResult) -> "Table":
    from recsys.plain_table import PlainTable

    asked = result.item.get("title", result.item["item"])
    table = PlainTable(title=f"Nearest to {asked}, by cosine")
    for kind in result.neighbours:
        table.add_column(kind, overflow="fold")
        table.add_column("", justify="right", no_wrap=True)
    for row in range(max(map(len, result.neighbours.values()))):
        cells: list[str] = []
        for near in result.neighbours.values():
            one = near[row] if row < len(near) else None
            cells += ["", ""] if one is None else [one.get("title", one["item"]), f"{one['cosine']:.3f}"]
        table.add_row(*cells)
    return table
