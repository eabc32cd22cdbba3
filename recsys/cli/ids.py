"""Item ids on the command line, also those that look like options: ``--history -JfEJq5 3``."""

import argparse
import difflib

_SHIELD = "\0"  # no argument of a process can hold it


def item_id(text: str) -> str:
    """The type of an option that takes item ids; see ``shielded``."""
    return text.removeprefix(_SHIELD)


def shielded(parser: argparse.ArgumentParser, arguments: list[str]) -> list[str]:
    """``arguments``, so that what follows an option of type ``item_id`` is its ids, up to one of the parser's options.

    Ends with a usage error where an id could be a misspelt option.
    """
    found: list[str] = []
    taking = False
    for place, argument in enumerate(arguments):
        if argument == "--":
            return found + arguments[place:]
        option = _option(parser._option_string_actions, argument)
        if option is not None:
            taking = option.type is item_id and "=" not in argument
        elif taking and argument.startswith("-"):
            _refuse_misspelt(parser, argument, list(parser._option_string_actions))
            argument = _SHIELD + argument
        found.append(argument)
    return found


def _option(options: dict[str, argparse.Action], argument: str) -> argparse.Action | None:
    """The option that an argument is, written out or, as argparse allows for long ones, as it begins."""
    name = argument.partition("=")[0]
    if argument in options or not (name.startswith("--") and len(name) > 2):
        return options.get(argument)
    return options.get(name) or next((one for long, one in options.items() if long.startswith(name)), None)


def _refuse_misspelt(parser: argparse.ArgumentParser, argument: str, options: list[str]) -> None:
    meant = difflib.get_close_matches(argument.partition("=")[0], [one for one in options if one[:2] == "--"], 1, 0.75)
    if meant:
        parser.error(f"{argument}: is {meant[0]} meant? An item of this id goes into a --request file")
