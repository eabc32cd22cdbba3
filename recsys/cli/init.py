"""Look at an event log and write a config for it, with what was guessed said in comments.

    recsys init events.csv
    recsys init clicks/ --user visitorid --item itemid --out clicks.yaml
    recsys init events.csv --items products.csv
    recsys init --reference

LOG is a CSV, JSON Lines or Parquet file (.gz is looked through), a folder or a glob of them. TABLE has a row an item;
its columns are proposed as features that the model reads, so that new items can be ranked by them. Read the comments,
mend what is wrong, then run it: recsys run events.yaml. --reference prints every key that a config may have.
"""

import argparse
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.common import path

if TYPE_CHECKING:
    from recsys.log.inference.guess import GuessedLog

NO_ARRIVAL = "no arrival number was found; a stable hash orders events that share a timestamp"
KINDS = 20  # types of events that are named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("log", metavar="LOG", type=path, nargs="?", help="the event log")
    for flag, name in (
        ("user", "user"),
        ("item", "item"),
        ("timestamp", "timestamp"),
        ("event-id", "event id"),
        ("event-type", "event's type"),
        ("value", "event's value"),
    ):
        parser.add_argument(f"--{flag}", metavar="COLUMN", help=f"the column that holds the {name}, not to be guessed")
    parser.add_argument("--items", metavar="TABLE", type=path, help="a table of the items, CSV, TSV or Parquet")
    parser.add_argument("--out", type=path, help="the config to write (default: the log's name, .yaml, here)")
    parser.add_argument("--overwrite", action="store_true", help="replace the config when it is there")
    parser.add_argument("--reference", action="store_true", help="print every config key, its default and its meaning")


def run(args: argparse.Namespace) -> int:
    from recsys.core.errors import ConfigError

    if args.reference:
        from recsys.config.reference import reference

        print(reference())  # noqa: T201
        return 0
    if args.log is None:
        raise ConfigError("name the log to look at: recsys init events.csv (or --reference for every config key)")
    out = args.out or Path(args.log.name.split(".")[0].strip("*?[]") or "log").with_suffix(".yaml")
    if out.exists() and not args.overwrite:
        raise ConfigError(f"{out}: already there; pass --overwrite, or another name with --out")
    out.write_text(write_config(args.log, _given(args), args.items), encoding="utf-8")
    print(f"{out}: written; read its comments, then: recsys run {shlex.quote(str(out))}")  # noqa: T201
    return 0


def _given(args: argparse.Namespace) -> dict[str, str]:
    """The columns that were named, by our name."""
    from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE

    given = {
        USER: args.user,
        ITEM: args.item,
        TIMESTAMP: args.timestamp,
        EVENT_ID: args.event_id,
        EVENT_TYPE: args.event_type,
        VALUE: args.value,
    }
    return {name: column for name, column in given.items() if column}


def write_config(log: Path, given: dict[str, str], items: Path | None = None) -> str:
    """The text of a config for ``log``, and the table of ``items`` beside it; it has been parsed and is valid."""
    from recsys.config import parse_config
    from recsys.config.yaml_text import read_yaml
    from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
    from recsys.log.files import delimiter_of
    from recsys.log.inference.guess import guess_log
    from recsys.terminal import say

    guess = guess_log(log, given)
    if guess.rejected:
        say(f"init: prepare will reject {guess.rejected:.2%} of the rows looked at; the config's comments say why")

    def column(key: str, name: str) -> str:
        found = guess.columns.get(name)
        return f"    {key}: {_yaml(found.column)} # {found.reason}" if found else f"    {key}: null # {NO_ARRIVAL}"

    def switch(key: str, name: str, says: str) -> list[str]:
        asked = "" if name == VALUE and name in given else "# "  # the names of types are the user's to give
        return [f"  {asked}{key}: true # {says}"] if name in guess.columns else []

    value = column("value", VALUE) if VALUE in given else f"    # {column('value', VALUE).strip()}"
    unusual = guess.format == "csv" and guess.delimiter != delimiter_of(guess.file)
    text = "\n".join(
        [
            _comment(f"Written by recsys init, from the first rows of {_looked_at(log, guess.file, guess.files)}."),
            *(_comment(fact) for fact in guess.facts),
            "# Every other key has a default: recsys init --reference lists them all.",
            "data:",
            f"  path: {_yaml(str(log))}",
            "  columns:",
            column("user", USER),
            column("item", ITEM),
            column("timestamp", TIMESTAMP),
            column("event_id", EVENT_ID),
            *([column("event_type", EVENT_TYPE)] if EVENT_TYPE in guess.columns else []),
            *([value] if VALUE in guess.columns else []),
            f"  timestamp_unit: {guess.unit} # guessed from the values",
            *_event_types(guess),
            *([f"  delimiter: {_yaml(guess.delimiter)}"] if unusual else []),
            *(_without_items() if items is None else _items(items, guess)),
            "prepare:",
            "  k_core: 5 # drop users and items with fewer events, until none is left",
            *_more_rejects(guess.rejected),
            "  # keep_events: true # from the first night on, where prepare --extend is to add further nights",
            "model:",
            *switch("event_types", EVENT_TYPE, "let the model read the kind of each event; needs data.event_types"),
            *switch("event_values", VALUE, "let the model read that value of each event"),
            f"  max_length: {guess.max_length} # newest events that the model reads, by the sample's lengths",
            "",
        ]
    )
    parse_config(read_yaml(text), "the config that recsys init wrote")
    return text


def _event_types(log: "GuessedLog") -> list[str]:
    """``data.event_types`` of the types that the sample holds, for a person to take in; all count alike."""
    from recsys.core.schema import EVENT_TYPE

    if EVENT_TYPE not in log.events.column_names:
        return []
    kinds = log.events.column(EVENT_TYPE).cast("string").value_counts().to_pylist()
    named = sorted((one for one in kinds if one["values"]), key=lambda one: (-one["counts"], one["values"]))
    return [
        "  # event_types: # those that count: how much one weighs as a target; {target: false} is context alone",
        *(f"  #   {_comment(_yaml(one['values']))[2:]}: {{weight: 1.0}}" for one in named[:KINDS]),
    ]


def _without_items() -> list[str]:
    return ["  # items: {path: items.csv, item: item_id, title: title} # a table with titles, where there is one"]


def _items(path: Path, log: "GuessedLog") -> list[str]:
    """The lines of ``data.items``, with what was found out about the table."""
    from recsys.preparation.items.guess import LoggedItems, guess_items

    found = guess_items(path, LoggedItems.of(log.events))
    lines = [f"  {_comment(f'{path}: {fact}')}" for fact in found.facts]
    lines += ["  items:", f"    path: {_yaml(str(path))}", f"    item: {_yaml(found.item)} # {found.reason}"]
    if found.title is not None:
        lines.append(f"    title: {_yaml(found.title)} # by its name")
    if not found.features:
        return [*lines, "    # features: none of its columns looks like one"]
    lines.append("    features: # what the model reads of items; without them, new items rank last")
    for name, one in found.features.items():
        other = f"{{kind: {one.kind}, separator: {_yaml(one.separator)}}}"
        lines.append(f"      {_yaml(name)}: {one.kind if one.separator == '|' else other} # {one.reason}")
    return lines


def _looked_at(log: Path, file: Path, files: int) -> str:
    """Which file the facts are about; the others of a folder or a glob were not opened."""
    return str(log) if file == log else f"{file} alone, the first by its name of {files} in {log}"


def _more_rejects(share: float) -> list[str]:
    """A bound that lets the sample through, to be taken in by a person, where the default would refuse it."""
    from recsys.config.prepare import PrepareConfig

    default = float(PrepareConfig.model_fields["max_rejected_share"].default)
    if share <= default:
        return []
    bound = min(1.0, (math.floor(share * 100) + 1) / 100)
    return [
        f"  # {share:.2%} of the sample's rows will be rejected; prepare stops above {default:.0%}. Mend the log, or:",
        f"  # max_rejected_share: {bound:g}",
    ]


def _comment(text: str) -> str:
    """One line, whatever a log holds: what came after a line end would be no comment."""
    return "# " + "".join(one if one.isprintable() else " " for one in text)


def _yaml(value: str) -> str:
    """``value`` as a YAML scalar of one line, quoted where YAML would read it as something else."""
    import yaml

    style = None if value.isprintable() else '"'
    dumped = yaml.safe_dump([value], default_flow_style=True, default_style=style, allow_unicode=True, width=10_000)
    return dumped.strip()[1:-1]
