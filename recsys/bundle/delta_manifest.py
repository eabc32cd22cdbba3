"""What a delta says of itself, read from JSON that no one vouches for."""

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from recsys.bundle.reader import LONGEST_NAME, Reader
from recsys.core.artifact import is_inside
from recsys.core.errors import ArtifactError

KEEP, PATCH, WHOLE = "keep", "patch", "whole"
ACTIONS = (KEEP, PATCH, WHOLE)


@dataclass(frozen=True)
class DeltaManifest:
    """A checked manifest.

    Attributes:
        old, new: SHA-256 of the manifests at both ends, which vouch for all other files.
        actions: what to do for each file of the new bundle, by its name: ``keep`` the old bundle's, ``patch`` it, or
            take the ``whole``.
        files: SHA-256 of every payload.
    """

    old: str
    new: str
    actions: dict[str, str]
    files: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any], origin: str) -> "DeltaManifest":
        """Check every field; ``origin`` is what errors name.

        Raises:
            ArtifactError: a field is missing, of the wrong type, names a file outside the bundle, or contradicts
                another.
        """
        read = Reader(value, origin)
        actions = read.inside("actions")
        manifest = cls(
            old=read.hash("old"),
            new=read.hash("new"),
            actions={name: actions.choice(name, ACTIONS) for name in actions.value},
            files=read.hashes("files"),
        )
        for name in manifest.actions:
            if not is_inside(name):
                raise ArtifactError(f"{origin}: file name {name!r} points outside the bundle")
            if len(name.encode()) > LONGEST_NAME:
                raise ArtifactError(f"{origin}: actions: a name of {len(name.encode())} bytes, which no file has")
        for name in manifest.actions:
            inner = next((str(one) for one in PurePosixPath(name).parents if str(one) in manifest.actions), None)
            if inner is not None:
                raise ArtifactError(f"{origin}: {inner!r} is a file, and the folder of {name!r}; damaged")
        if {
            payload_name(n, action) for n, action in manifest.actions.items() if action != KEEP
        } != manifest.files.keys():
            raise ArtifactError(f"{origin}: actions and files do not match; damaged")
        return manifest


def payload_name(name: str, action: str) -> str:
    """Where a delta keeps what becomes the bundle's file ``name``."""
    return f"files/{name}.{action}"
