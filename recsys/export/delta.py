"""Make the delta between two bundles: the server's side of a nightly update."""

import zlib
from pathlib import Path

import bsdiff4

from recsys.bundle import SIGNATURE_FILE, Bundle, Delta
from recsys.bundle.delta import FORMAT_VERSION, KIND
from recsys.bundle.delta_manifest import KEEP, PATCH, WHOLE, DeltaManifest, payload_name
from recsys.core.artifact import file_hashes
from recsys.core.digests import sha256_file
from recsys.core.json_files import write_json
from recsys.core.publishing import publish
from recsys.core.schema import MANIFEST


def make_delta(old: Path, new: Path, target: Path, *, overwrite: bool = False) -> Delta:
    """Write to ``target`` what turns ``old`` into ``new``, each file in the smaller of its two forms.

    Raises:
        ArtifactError: one of the bundles is damaged, or ``target`` is there and ``overwrite`` is false.
    """
    before, after = Bundle(old), Bundle(new)
    names = [*after.present_files, MANIFEST, *([SIGNATURE_FILE] if (new / SIGNATURE_FILE).exists() else [])]
    with publish(target, overwrite=overwrite, check=_check) as aside:
        actions = {}
        for name in names:
            content = (new / name).read_bytes()
            if before.manifest.files.get(name) == after.manifest.files.get(name, ""):
                actions[name] = KEEP
                continue
            forms = {WHOLE: zlib.compress(content, 9)}
            if (old / name).exists():
                forms[PATCH] = bsdiff4.diff((old / name).read_bytes(), content)
            actions[name] = min(forms, key=lambda action: len(forms[action]))
            payload = aside / payload_name(name, actions[name])
            payload.parent.mkdir(parents=True, exist_ok=True)
            payload.write_bytes(forms[actions[name]])
        ends = sha256_file(old / MANIFEST), sha256_file(new / MANIFEST)
        manifest = DeltaManifest(*ends, actions, file_hashes(aside))
        write_json(aside / MANIFEST, {"kind": KIND, "format_version": FORMAT_VERSION, **manifest.to_json()})
    return Delta(target)


def _check(directory: Path) -> None:
    Delta(directory)
