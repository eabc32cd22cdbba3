"""Show why items are ranked where they are: which of their features, and which events of a user, speak for them.

    recsys explain work/runs/DIGEST --user 7 --items 50 181
    recsys explain work/runs/DIGEST --history 427 482 520 --items 50 --events 5
    recsys explain work/runs/DIGEST --user 7 --items 50 181 --json

Users and items are named by their own ids, as the log has them; a history is given oldest first. What features add is
beside the average item of the catalog; with the item's own vector, the memory and that average it is the whole score.
Events are weighed by what the score loses without them, and shown with what their item has in common with the ranked
one. The model must read features of items (data.items.features); of another one, a bundle's signature explain
(export.signatures) weighs the events.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, add_work_dir, positive, print_json, where
from recsys.cli.ids import item_id
from recsys.cli.results.rankings import ExplainResult

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.evaluation.items.explaining import Explanation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", type=where, help="a finished run's directory")
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", metavar="USER", type=item_id, help="of the log: after all that this one did")
    whose.add_argument("--history", metavar="ITEM", nargs="+", type=item_id, help="a user's items, oldest first")
    parser.add_argument("--items", metavar="ITEM", nargs="+", type=item_id, required=True, help="what to explain")
    parser.add_argument("--events", metavar="N", type=positive, default=3, help="at most, an item (default: 3)")
    parser.add_argument("--dataset", type=where, help="what it was trained on (default: found in the work directory)")
    add_work_dir(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.finding import dataset_of
    from recsys.artifacts.run import Run
    from recsys.core.events import Event
    from recsys.core.schema import EXTERNAL_ID, TITLE
    from recsys.evaluation.items.explaining import Explainer
    from recsys.terminal import results

    finished = Run(args.run)
    dataset = Dataset(args.dataset) if args.dataset is not None else dataset_of(finished, args.work_dir)
    items = dataset.items
    titles = dict(zip(items[EXTERNAL_ID], items[TITLE], strict=True)) if TITLE in items else {}
    history = [Event(item, place) for place, item in enumerate(args.history or ())]
    user = args.user if args.user is not None else history
    explained = described(Explainer(finished, dataset)(user, args.items, args.events), titles)
    unknown = [event.item for event in history if event.item not in dataset.vocabulary]
    result = ExplainResult(str(args.run), args.user, explained, unknown)
    if args.json:
        print_json(result)
    else:
        results().print(table(result))
        if unknown:
            print(f"\nleft out of the history, unknown to the model: {', '.join(unknown)}")  # noqa: T201
    return 0


def described(explanations: "Sequence[Explanation]", titles: dict[str, Any]) -> list[dict[str, Any]]:
    """Explanations as ``ExplainResult.explained`` has them; a title that is no text is none."""

    def named(item: str) -> dict[str, Any]:
        return {"item": item, **({"title": titles[item]} if isinstance(titles.get(item), str) else {})}

    return [
        {
            **one._asdict(),
            **named(one.item),
            "because": [
                {**named(event.item), "attribution": event.attribution, "shared": event.shared} for event in one.because
            ],
        }
        for one in explanations
    ]


def table(result: ExplainResult) -> "Table":
    """An item's score, then a row for each thing that it is made of and for each event that speaks for it."""
    from recsys.plain_table import PlainTable

    whose = "this history" if result.user is None else f"user {result.user}"
    caption = "What adds to the average item makes the score; of an event, what the score loses without it"
    shown = PlainTable(title=f"Why items are ranked where they are, after {whose}", caption=caption)
    shown.add_column("item", overflow="fold")
    shown.add_column("score", justify="right", no_wrap=True)
    shown.add_column("made of", overflow="fold")
    shown.add_column("adds", justify="right", no_wrap=True)
    for one in result.explained:
        parts = {"the average item": one["average"], **one["features"]}
        parts |= {"what events taught of it": one["own"], "memory": one["memory"]}
        rows = [(name, value) for name, value in parts.items() if value]
        rows += [(_because(event), event["attribution"]) for event in one["because"]]
        for number, (name, value) in enumerate(rows):
            about = ("", "") if number else (one.get("title", one["item"]), f"{one['score']:.3f}")
            shown.add_row(*about, name, f"{value:+.3f}", end_section=number == len(rows) - 1)
    return shown


def _because(event: dict[str, Any]) -> str:
    """``because of Alien: director Ridley Scott; name alike``."""
    shared = [f"{name} {', '.join(values)}" if values else f"{name} alike" for name, values in event["shared"].items()]
    return f"because of {event.get('title', event['item'])}{': ' if shared else ''}{'; '.join(shared)}"
