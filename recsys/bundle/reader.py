"""Checked values out of JSON that no one vouches for."""

import re
from typing import Any, TypeVar

from recsys.core.artifact import is_inside
from recsys.core.errors import ArtifactError

T = TypeVar("T")

_SHA256 = re.compile("[0-9a-f]{64}")
LARGEST, LONGEST_NAME, MOST = 1e9, 255, 100_000_000  # of a number; of a file's name, in bytes; of a count


class Reader:
    """Takes checked values out of a JSON object, and says where it stands when one is wrong."""

    def __init__(self, value: dict[str, Any], origin: str) -> None:
        self.value, self.origin = value, origin

    def inside(self, key: str) -> "Reader":
        return Reader(self.mapping(key), f"{self.origin}: {key}")

    def text(self, key: str) -> str:
        return self._typed(key, str, "text")

    def hash(self, key: str) -> str:
        found = self.value.get(key)
        if not isinstance(found, str) or _SHA256.fullmatch(found) is None:
            raise ArtifactError(f"{self.origin}: {key} must be a SHA-256 in hex, found {_short(found)}")
        return found

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        found = self.value.get(key)
        if not isinstance(found, str) or found not in choices:
            raise ArtifactError(f"{self.origin}: {key!r}: expected one of {', '.join(choices)}, found {_short(found)}")
        return found

    def file_name(self, key: str) -> str:
        found = self.text(key)
        if not is_inside(found):
            raise ArtifactError(f"{self.origin}: {key}: file name {_short(found)} points outside the bundle")
        return found

    def releases(self, key: str) -> dict[str, str]:
        inner = self.inside(key)
        found = {name: inner.text(name) for name in inner.value}
        for name, release in found.items():
            if re.fullmatch(r"\d+\.\d+\.\d+", release, re.ASCII) is None:
                raise ArtifactError(f"{inner.origin}: {name} must be a release as 2.4.0, found {_short(release)}")
        return found

    def mapping(self, key: str) -> dict[str, Any]:
        return self._typed(key, dict, "an object")

    def number(self, key: str, low: int, high: int) -> int:
        found = self._typed(key, int, "an integer")
        if isinstance(found, bool) or not low <= found <= high:
            raise ArtifactError(f"{self.origin}: {key} must lie in {low}..{high}, found {found}")
        return found

    def positive(self, key: str) -> float:
        found: float = self._typed(key, (int, float), "a number")
        if isinstance(found, bool) or not 0 < found <= LARGEST:
            raise ArtifactError(f"{self.origin}: {key} must be positive and finite, found {str(found)[:80]}")
        return float(found)

    def constant(self, key: str, expected: Any) -> None:
        if type(self.value.get(key)) is not type(expected) or self.value[key] != expected:
            raise ArtifactError(f"{self.origin}: {key} must be {expected!r}, found {self.value.get(key)!r}")

    def hashes(self, key: str) -> dict[str, str]:
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, str) or _SHA256.fullmatch(value) is None:
                raise ArtifactError(f"{self.origin}: {key}: {name!r} needs a SHA-256 in hex, found {_short(value)}")
            if len(name.encode()) > LONGEST_NAME:
                raise ArtifactError(f"{self.origin}: {key}: a name of {len(name.encode())} bytes, which no file has")
        return found

    def counts(self, key: str) -> dict[str, int]:
        return {name: self.inside(key).number(name, 1, MOST) for name in self.mapping(key)}

    def _typed(self, key: str, kind: type[T] | tuple[type[T], ...], name: str) -> T:
        found = self.value.get(key)
        if not isinstance(found, kind):
            raise ArtifactError(f"{self.origin}: {key} must be {name}, found {_short(found)}")
        return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
