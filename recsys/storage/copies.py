"""Artifacts of a store as directories here, and back. An artifact is in a store when its manifest is, written last.

So no reader sees a part of one, and what a killed attempt sent has no manifest: nobody reads it, and the next to send
the same artifact removes it, or the next to send one beside it after a day. Nothing is locked in a store, for
two attempts at one artifact make the same; where they do not, as two trainings of one run, the first to end is kept.
"""

import hashlib
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recsys.core.artifact import check_files, is_inside
from recsys.core.digests import DIGEST_LENGTH
from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json
from recsys.core.local_path import is_url, place
from recsys.core.locks import exclusive
from recsys.core.mirror import url_of
from recsys.core.owners import this_process
from recsys.core.publishing import ASIDE, LONG
from recsys.core.schema import MANIFEST
from recsys.storage import cache, transfer

HOLDER, NESTED = "run", "evaluations"  # a run holds artifacts of their own, which come after its seal
SIGNED, SIGNATURE = "bundle", "manifest.sig"  # what vouches for a manifest is not named in it
_DIGEST = re.compile(f"[0-9a-f]{{{DIGEST_LENGTH}}}")
_IN_THE_MAKING = re.compile(rf"\.[0-9a-f]{{{DIGEST_LENGTH}}}{re.escape(ASIDE)}.+")  # on machines that share the store

_known: set[Path] = set()  # whole copies that this process has asked for: a sealed artifact stays what it is


def here(path: Path | str) -> Path:
    """``path`` as it can be read here: of an artifact in a store the copy, made or renewed where that is due.

    Raises:
        ArtifactError: what has arrived is not what the manifest says, or the path is a URL that no store has.
        StorageError: the store cannot be reached, or refuses.
    """
    try:
        local = place(path) if is_url(path) else Path(path)
    except ValueError as error:
        raise ArtifactError(str(error)) from None
    fetch(local)
    return local


def fetch(path: Path) -> bool:
    """Whether the store has the artifact that ``path`` mirrors; then its whole copy lies there. Raises as ``here``."""
    if not _is_copy(path):
        return False
    if path in _known and (path / MANIFEST).exists():
        return True
    manifest = transfer.read(path / MANIFEST)
    if manifest is None:
        return False
    version = hashlib.sha256(manifest).hexdigest()
    if not cache.use(path, version) and not _copy(path, manifest, version):
        return False
    _known.add(path)
    if read_json(path / MANIFEST).get("kind") == HOLDER:
        for damage in fetch_below(path / NESTED):
            raise ArtifactError(damage)
    return True


def fetch_below(directory: Path) -> list[str]:
    """As ``fetch``, of every artifact in the store below ``directory``; returns what is wrong with those left out."""
    damages = []
    for path in _listed(directory):
        try:
            fetch(path)
        except ArtifactError as error:
            damages.append(str(error))
    return damages


def manifests_below(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Path and manifest of every artifact in the store below ``directory``; nothing else of it is fetched.

    A manifest that is no JSON object is passed over.
    """
    for path in _listed(directory):
        aside = _aside(path)
        aside.mkdir(parents=True)
        try:
            (aside / MANIFEST).write_bytes(transfer.read(path / MANIFEST) or b"{}")
            values = read_json(aside / MANIFEST)
        except ArtifactError:
            continue
        finally:
            shutil.rmtree(aside)
        if isinstance(values, dict):
            yield path, values


def send(path: Path, *, overwrite: bool = False) -> None:
    """Send the whole artifact at ``path`` to the store that it mirrors a part of, its manifest last.

    What the store has already is kept, and copied here, unless ``overwrite``.

    Raises:
        StorageError: the store cannot be reached, or refuses; no reader sees what has arrived until then.
    """
    if not _is_copy(path) or (path in _known and not overwrite):
        return
    manifest = (path / MANIFEST).read_bytes()
    theirs = transfer.read(path / MANIFEST)
    if theirs is None or (overwrite and theirs != manifest):
        names = [*read_json(path / MANIFEST)["files"], SIGNATURE]
        files = [path / name for name in names if (path / name).is_file()]
        if theirs is not None:
            transfer.remove([path / MANIFEST])
        transfer.remove([left for left in transfer.listing(path) if left not in files and not _is_nested(left, path)])
        transfer.put(files)
        transfer.put_whole(path / MANIFEST)
        _sweep(path.parent)
    elif theirs != manifest:
        fetch(path)
        return
    cache.mark(path, hashlib.sha256(manifest).hexdigest())
    cache.evict(cache.bound())
    _known.add(path)


def make_anew(path: Path) -> None:
    """What is at ``path`` is going to be replaced; until that is sent, the store's stands."""
    if _is_copy(path):
        cache.unmark(path)
        _known.discard(path)


def send_signature(bundle: Path) -> None:
    """Send the signature that a bundle, which is in its store already, was given here."""
    if _is_copy(bundle):
        transfer.put_whole(bundle / SIGNATURE)


def send_files(directory: Path) -> None:
    """Send what is no artifact, such as refused rows."""
    if _is_copy(directory):
        transfer.put(sorted(file for file in directory.rglob("*") if file.is_file()))


def _is_copy(path: Path) -> bool:
    return url_of(path) is not None and not path.name.startswith(".")


def _is_nested(file: Path, artifact: Path) -> bool:
    return file.relative_to(artifact).parts[0] == NESTED


def _listed(directory: Path) -> list[Path]:
    """The artifacts in the store below ``directory``, one that holds others before these."""
    if url_of(directory) is None:
        return []
    return sorted(file.parent for file in transfer.listing(directory) if file.name == MANIFEST)


def _copy(path: Path, manifest: bytes, version: str) -> bool:
    """Make ``path`` the whole copy of what the store has under ``manifest``: fetched aside, checked, renamed.

    Returns:
        whether it is; not where another process is training this very run here.
    """
    aside = _aside(path)
    aside.mkdir(parents=True)
    try:
        (aside / MANIFEST).write_bytes(manifest)
        about = read_json(aside / MANIFEST)
        files = about.get("files") if isinstance(about, dict) else None
        if not isinstance(files, dict) or not all(map(is_inside, files)):
            raise ArtifactError(f"{path / MANIFEST}: files must list what the artifact holds; make it again")
        transfer.get([(path / name, aside / name) for name in files])
        if about.get("kind") == SIGNED and (signature := transfer.read(path / SIGNATURE)) is not None:
            (aside / SIGNATURE).write_bytes(signature)
        check_files(aside, files, str(about.get("kind")))
        with exclusive(path.parent):
            if not cache.use(path, version):  # otherwise another process was faster
                if path.exists():
                    with exclusive(path, wait=False):
                        cache.drop(path)
                aside.replace(path)
                cache.mark(path, version)
    except BlockingIOError:
        return False
    except ArtifactError as error:
        raise ArtifactError(str(error).replace(str(aside), str(path))) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    cache.evict(cache.bound())
    return True


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}{ASIDE}{this_process()}-{uuid.uuid4().hex[:8]}")


def _sweep(directory: Path) -> None:
    """Remove from the store what attempts sent that ended long ago without a manifest; nothing but what we name."""
    groups: dict[Path, list[tuple[Path, float | None]]] = {}
    for file, entry in transfer.listing(directory).items():
        group = directory / file.relative_to(directory).parts[0]
        is_ours = any(found.fullmatch(group.name) for found in (_DIGEST, _IN_THE_MAKING))
        if group != file and (is_ours or _DIGEST.fullmatch(directory.name)):
            groups.setdefault(group, []).append((file, entry.changed))
    for group, files in groups.items():
        times = [changed for _, changed in files if changed is not None]
        is_old = len(times) == len(files) and time.time() - max(times) > LONG
        if is_old and not any(file == group / MANIFEST for file, _ in files):
            transfer.remove([file for file, _ in files])
