"""Names and values that MLflow takes, for any that configs, logs and people may hold. No MLflow in here.

MLflow allows letters, digits, ``_ - . /`` and blanks in the names of metrics and parameters. Of what it refuses, ``@``
becomes ``_at_``, and every other character its code point, as ISO 9075-14 and spreadsheets write it: ``$pageview`` is
``_x0024_pageview``. Two names never become one.
"""

import hashlib
import re
from collections.abc import Iterable

NAME_LENGTH, PARAMETER_LENGTH, TAG_LENGTH, TITLE_LENGTH = 250, 6000, 8000, 500  # characters that MLflow keeps

_TAKEN = re.compile(r"[\w .\-]")
_MISTAKABLE = re.compile(r"_(?=x|at[\W_])")  # an underscore that would be read as the beginning of an escape
_ESCAPE = re.compile(r"_x([0-9A-F]*)_|_at_")


def name(parts: Iterable[str], separator: str) -> str:
    """``parts`` as one name of MLflow's, at most 250 characters; a longer one keeps its beginning and a hash.

    >>> name(["test", "ndcg@10"], "/"), field_name("test/ndcg_at_10")
    ('test/ndcg_at_10', 'test/ndcg@10')
    """
    text = separator.join(_part(part, separator) for part in parts)
    return _shortened(text, NAME_LENGTH, "-")


def field_name(kept: str) -> str:
    """What a kept name stands for: ``test/ndcg_at_10`` is ``test/ndcg@10``."""
    return _ESCAPE.sub(_unescape, kept)


def value(text: str, length: int) -> str:
    """``text`` as a value that any database takes: whole characters, no NUL, at most ``length`` of them."""
    whole = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return _shortened(whole, length, "… ")


def _part(text: str, separator: str) -> str:
    if not text:
        return "_x_"
    free = _MISTAKABLE.sub("_x005F_", text)
    if not text.strip("."):
        return "".join(map(_code, text))  # a path's own names
    return "".join(
        character if _TAKEN.fullmatch(character) and (character != "." or separator != ".") else _code(character)
        for character in free
    )


def _code(character: str) -> str:
    return "_at_" if character == "@" else f"_x{ord(character):04X}_"


def _unescape(found: re.Match[str]) -> str:
    if found[0] == "_at_":
        return "@"
    code = int(found[1] or "0", 16)
    if not found[1]:
        return ""
    return chr(code) if code <= 0x10FFFF else found[0]


def _shortened(text: str, length: int, joint: str) -> str:
    if len(text) <= length:
        return text
    end = joint + hashlib.sha256(text.encode()).hexdigest()[:16]
    return text[: length - len(end)] + end
