"""The delta artifact: what changed between two nightly bundles, for a client to apply and verify.

A directory: ``manifest.json`` (both ends, named by the SHA-256 of their manifests, and what to do for each file) and
``files/NAME.ACTION`` for every file of the new bundle that the old one does not have as it is: a BSDIFF40 ``patch``,
or the ``whole`` as a zlib stream. The goldens stay at home: they test clients, a phone does not need them.
"""

import zlib
from pathlib import Path

from recsys.bundle.bundle import Bundle
from recsys.bundle.patch import MAX_BYTES, apply_patch
from recsys.core.artifact import check_files, is_inside, read_manifest
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.publishing import publish
from recsys.core.schema import MANIFEST

KIND = "delta"
FORMAT_VERSION = 1
KEEP, PATCH, WHOLE = "keep", "patch", "whole"
ACTIONS = (KEEP, PATCH, WHOLE)


class Delta:
    """A delta directory, opened and checked.

    Raises:
        ArtifactError: no delta, a damaged one, or one of a newer format.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(self.path, KIND, FORMAT_VERSION)
        self._check()

    @property
    def download_bytes(self) -> int:
        """What a phone downloads."""
        names = [MANIFEST, *self.manifest["files"]]
        return sum((self.path / name).stat().st_size for name in names)

    def apply(self, old: Path, target: Path, *, overwrite: bool = False) -> Bundle:
        """Write the new bundle to ``target``, from the old one.

        Raises:
            ArtifactError: ``old`` is damaged or not the bundle this delta starts from, the result is not what its
                manifest says (nothing is left at ``target`` then), or ``target`` is there and ``overwrite`` is false.
        """
        Bundle(old)
        if sha256_file(old / MANIFEST) != self.manifest["old"]:
            raise ArtifactError(f"{old}: not the bundle that {self.path} starts from; fetch the new bundle whole")
        with publish(target, overwrite=overwrite, check=lambda path: self._check_result(path)) as aside:
            for name, action in self.manifest["actions"].items():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                (aside / name).write_bytes(self._content(name, action, old))
        return Bundle(target)

    def _content(self, name: str, action: str, old: Path) -> bytes:
        if action != WHOLE and not (old / name).is_file():
            raise ArtifactError(
                f"{self.path / MANIFEST}: {name!r} is to be kept or patched, and {old} has none; damaged"
            )
        if action == KEEP:
            return (old / name).read_bytes()
        payload = self.path / payload_name(name, action)
        content = payload.read_bytes()
        try:
            return apply_patch((old / name).read_bytes(), content) if action == PATCH else _inflate(content)
        except (ArtifactError, zlib.error, OSError) as error:
            raise ArtifactError(f"{payload}: {error}") from None

    def _check_result(self, path: Path) -> None:
        if sha256_file(path / MANIFEST) != self.manifest["new"]:
            raise ArtifactError(f"{path / MANIFEST}: not the manifest that {self.path} promises")
        Bundle(path)

    def _check(self) -> None:
        value, origin = self.manifest, self.path / MANIFEST
        actions, files = value.get("actions"), value.get("files")
        if not isinstance(actions, dict) or not isinstance(files, dict):
            raise ArtifactError(f"{origin}: no actions and files as a delta has them; damaged")
        for name, action in actions.items():
            if not isinstance(action, str) or action not in ACTIONS:
                raise ArtifactError(f"{origin}: {name!r}: expected one of {', '.join(ACTIONS)}, found {action!r}")
            if not is_inside(name):
                raise ArtifactError(f"{origin}: file name {name!r} points outside the bundle")
        for end in ("old", "new"):
            if not isinstance(value.get(end), str):
                raise ArtifactError(f"{origin}: {end} must be the SHA-256 of a manifest, found {value.get(end)!r}")
        if {payload_name(n, action) for n, action in actions.items() if action != KEEP} != files.keys():
            raise ArtifactError(f"{origin}: actions and files do not match; damaged")
        check_files(self.path, files, KIND)


def _inflate(content: bytes) -> bytes:
    """Decompress, but never to more than a bundle's file may hold."""
    inflated = zlib.decompressobj().decompress(content, MAX_BYTES + 1)
    if len(inflated) > MAX_BYTES:
        raise ArtifactError(f"more than {MAX_BYTES:,} bytes; damaged or hostile")
    return inflated


def payload_name(name: str, action: str) -> str:
    """Where a delta keeps what becomes the bundle's file ``name``."""
    return f"files/{name}.{action}"
