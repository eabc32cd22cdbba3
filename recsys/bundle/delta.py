"""The delta artifact: what changed between two nightly bundles, for a client to apply and verify.

A directory: ``manifest.json`` (both ends, named by the SHA-256 of their manifests, and what to do for each file) and
``files/NAME.ACTION`` for every file of the new bundle that the old one does not have as it is: a BSDIFF40 ``patch``,
or the ``whole`` as a zlib stream. The golden cases come along, as a client replays some whenever it loads a bundle; one
that did not keep those of the old bundle is not given the new ones where they are a patch.
"""

import zlib
from pathlib import Path

from recsys.bundle.bundle import GOLDEN_FILE, SIGNATURE_FILE, Bundle
from recsys.bundle.delta_manifest import KEEP, PATCH, WHOLE, DeltaManifest, payload_name
from recsys.bundle.patch import MAX_BYTES, apply_patch
from recsys.core.artifact import check_files, read_manifest
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.publishing import publish
from recsys.core.schema import MANIFEST

KIND = "delta"
FORMAT_VERSION = 1


class Delta:
    """A delta directory, opened and checked.

    Raises:
        ArtifactError: no delta, a damaged one, or one of a newer format.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        value = read_manifest(self.path, KIND, FORMAT_VERSION)
        self.manifest = DeltaManifest.from_json(value, str(self.path / MANIFEST))
        check_files(self.path, self.manifest.files, KIND)

    @property
    def download_bytes(self) -> int:
        """What a phone downloads."""
        names = [MANIFEST, *self.manifest.files]
        return sum((self.path / name).stat().st_size for name in names)

    def apply(self, old: Path, target: Path, *, overwrite: bool = False) -> Bundle:
        """Write the new bundle to ``target``, from the old one.

        Raises:
            ArtifactError: ``old`` is damaged or not the bundle this delta starts from, the result is not what its
                manifest says (nothing is left at ``target`` then), or ``target`` is there and ``overwrite`` is false.
        """
        before = Bundle(old)
        if sha256_file(old / MANIFEST) != self.manifest.old:
            raise ArtifactError(f"{old}: not the bundle that {self.path} starts from; fetch the new bundle whole")
        with publish(target, overwrite=overwrite, check=lambda path: self._check_result(path)) as aside:
            for name, action in self.manifest.actions.items():
                if name == GOLDEN_FILE and action != WHOLE and not before.has_golden:
                    continue
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
        if sha256_file(path / MANIFEST) != self.manifest.new:
            raise ArtifactError(f"{path / MANIFEST}: not the manifest that {self.path} promises")
        known = {MANIFEST, SIGNATURE_FILE, *Bundle(path).manifest.files}
        if strangers := self.manifest.actions.keys() - known:
            raise ArtifactError(f"{path / MANIFEST}: {min(strangers)!r} of {self.path} is no file of the new bundle")


def _inflate(content: bytes) -> bytes:
    """Decompress, but never to more than a bundle's file may hold."""
    unpack = zlib.decompressobj()
    inflated = unpack.decompress(content, MAX_BYTES + 1)
    if len(inflated) > MAX_BYTES:
        raise ArtifactError(f"more than {MAX_BYTES:,} bytes; damaged or hostile")
    if not unpack.eof or unpack.unused_data:
        raise ArtifactError("a zlib stream that ends early, or does not end the file; damaged")
    return inflated
