"""Order candidates through a bundle, as a phone does: with numpy and LiteRT only, and nothing leaves the machine.

    recsys rerank work/bundles/DIGEST/int8 --history 50 181 258 --candidates 172 174 127
    recsys rerank work/bundles/DIGEST/int8 --history 50 181 258 --top 10
    recsys rerank work/bundles/DIGEST/int8 --request request.json --json

Items are named by their own ids, the history oldest first; an id may begin with a dash, unless it is one of the
options below. Without candidates the whole catalog is ranked, but for what the history holds. A request file is a
JSON object: {"history": [{"item": "50", "timestamp": 1700000000000}, …], "candidates": ["172", …]}, timestamps in
milliseconds; an event may have an "event_id", its arrival number, an "event_type" and a "value", a number. Events that
share a time and have no arrival number count in the order in which they stand. "now" says when the request is made
(default: this machine's clock), for models that read times; events of --history have just happened, and have neither
type nor value.
"""

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, fetched, path, positive, print_json, where
from recsys.cli.ids import item_id
from recsys.cli.results.rankings import RerankResult
from recsys.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from serving.reranker import Event, Ranked, Reranker


SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=where, help="a bundle directory, as recsys export makes it")
    parser.add_argument("--history", metavar="ITEM", nargs="*", type=item_id, help="the user's items, oldest first")
    parser.add_argument(
        "--candidates", metavar="ITEM", nargs="+", type=item_id, help="what to order (default: the catalog)"
    )
    parser.add_argument("--request", metavar="FILE", type=path, help="history and candidates as JSON, with timestamps")
    parser.add_argument(
        "--top", metavar="N", type=positive, help=f"print only the first N (default: {SHOWN}, with --json all)"
    )
    parser.add_argument("--threads", type=positive, default=1, help="for the interpreter (default: 1)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.core.events import now_ms
    from serving.reranker import Event, Reranker

    if args.request is not None:
        if args.history is not None or args.candidates is not None:
            raise ConfigError("--request holds history and candidates; leave --history and --candidates out")
        history, candidates, now = _read_request(args.request)
    else:
        history, candidates = [Event(item, place) for place, item in enumerate(args.history or [])], args.candidates
        now = len(history)
    reranker = Reranker(fetched(args.bundle), threads=args.threads)
    if candidates is None:
        seen = {event.item for event in history}
        candidates = [item for item in reranker.catalogue() if item not in seen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd is told below
        ranked = reranker.rerank(history, candidates, now)[: args.top or (None if args.json else SHOWN)]
    unknown_items = [event.item for event in history if event.item not in reranker.vocabulary]
    unknown_types = reranker.unknown_types(history)
    odd_times = list(reranker.odd_times(history, now_ms() if now is None else now).values())
    rows = _rows(reranker, ranked)
    if args.json:
        print_json(RerankResult(str(args.bundle), rows, unknown_items, unknown_types, odd_times))
    else:
        _show(rows, unknown_items, unknown_types, odd_times)
    return 0


def _read_request(path: Path) -> "tuple[list[Event], list[str] | None, int | None]":
    from recsys.bundle import check_now, event_from_json
    from recsys.core.json_files import read_json

    try:
        request = read_json(path)
        if not isinstance(request, dict) or not {"history"} <= request.keys() <= {"history", "candidates", "now"}:
            raise DataError("an object with these keys and no others")
        for key in request.keys() - {"now"}:
            if not isinstance(request[key], list) and not (key == "candidates" and request[key] is None):
                raise DataError(f"{key} must be a list, found {type(request[key]).__name__}")
        history = [event_from_json(one, f"history[{place}]") for place, one in enumerate(request["history"])]
        now = None if request.get("now") is None else check_now(request["now"], "a request")
    except DataError as error:
        raise DataError(
            f'{path}: expected {{"history": [{{"item", "timestamp"}}, …], "candidates": […], "now": …}} ({error})'
        ) from None
    return history, request.get("candidates"), now


def _rows(reranker: "Reranker", ranked: "list[Ranked]") -> list[dict[str, Any]]:
    rows = []
    for place, one in enumerate(ranked, 1):
        title = reranker.title(one.item)
        rows.append({"place": place, "item": one.item, "score": one.score, **({"title": title} if title else {})})
    return rows


def _show(rows: list[dict[str, Any]], unknown: list[str], unknown_types: list[str], odd_times: list[str]) -> None:
    if not rows:
        print("no candidates to order")  # noqa: T201
    width = max((len(row["item"]) for row in rows), default=0)
    for row in rows:
        score = "  unknown" if row["score"] is None else f"{row['score']:9.4f}"
        print(f"{row['place']:>4}  {score}  {row['item']:<{width}}  {row.get('title', '')}".rstrip())  # noqa: T201
    if unknown:
        print(f"\nleft out of the history, unknown to the model: {', '.join(unknown)}")  # noqa: T201
    if unknown_types:
        print(f"\nread as of an unknown type, for the model has met none: {', '.join(unknown_types)}")  # noqa: T201
    for text in odd_times:
        print(f"\n{text}")  # noqa: T201
