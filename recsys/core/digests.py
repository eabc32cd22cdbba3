"""Names for content: SHA-256 of files, and one short digest for any value that JSON can hold."""

import hashlib
import json
from pathlib import Path
from typing import Any

DIGEST_LENGTH = 32


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> str:
    """One spelling for one value: sorted keys, no spaces, no NaN.

    >>> canonical_json({"b": 1, "a": [2.5, None]})
    '{"a":[2.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """32 hex digits over the canonical JSON of ``value``: the name of what it made.

    >>> digest({"k_core": 5, "split": "leave_one_out"}) == digest({"split": "leave_one_out", "k_core": 5})
    True
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:DIGEST_LENGTH]
