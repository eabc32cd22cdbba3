"""JSON files: written whole or not at all, and read with distrust."""

import json
from pathlib import Path
from typing import Any

from recsys.core.errors import ArtifactError
from recsys.core.publishing import appearing

DEEPEST = 64  # levels of JSON that this project writes, many times over


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with appearing(path) as aside:
        aside.write_text(
            json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )


def read_json(path: Path) -> Any:
    """The value of a JSON file that no one vouches for: UTF-8, no NaN, no surrogates, at most ``DEEPEST`` levels.

    Raises:
        ArtifactError: says what the file is not.
        OSError: the file cannot be read.
    """
    try:
        value = json.loads(path.read_bytes().decode(), parse_constant=_refuse_constant)
        _refuse_odd_values(value)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: not JSON ({error})") from None
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _refuse_odd_values(value: Any) -> None:
    """Refuse depth that ends in a RecursionError wherever the value goes, and text that cannot be written."""
    level = [value]
    for _ in range(DEEPEST):
        for text in (part for one in level for part in (one if isinstance(one, dict) else (one,))):
            if isinstance(text, str):
                text.encode()
        nested = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [inner for one in nested for inner in one]
        if not level:
            return
    raise ValueError(f"nested deeper than {DEEPEST} levels")
