"""How an artifact comes to be: written aside, checked, and made visible by one rename."""

import glob
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys.core.errors import ArtifactError
from recsys.core.locks import exclusive
from recsys.core.owners import is_gone, this_process
from recsys.core.schema import MANIFEST

DIGEST_LENGTH = 32
DEEPEST = 64  # levels of JSON that this project writes, many times over
ASIDE = ".tmp-"  # in the name of what is still being written
OLD = ".old-"  # in the name of what is being replaced
LONG = 24 * 3600.0  # seconds without a change, after which another machine's attempt is taken for dead


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


def read_manifest(directory: Path, kind: str, newest_format: int) -> dict[str, Any]:
    """The manifest of the artifact in ``directory``.

    Raises:
        ArtifactError: there is none, it is not JSON, it is of another kind or of a newer format.
    """
    path = directory / MANIFEST
    try:
        manifest = read_json(path)
    except FileNotFoundError:
        raise ArtifactError(f"{directory}: no {kind} here ({MANIFEST} is missing)") from None
    except OSError as error:
        raise ArtifactError(f"{directory}: no {kind} that can be read here ({MANIFEST}: {error.strerror})") from None
    except ArtifactError as error:
        raise ArtifactError(f"{error}; make the {kind} again") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind") if isinstance(manifest, dict) else type(manifest).__name__
        raise ArtifactError(f"{path}: expected the manifest of a {kind}, found {found!r}")
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise ArtifactError(f"{path}: format_version must be a positive integer, found {version!r}")
    if version > newest_format:
        raise ArtifactError(
            f"{path}: {kind} format {version} is newer than this program reads ({newest_format}); upgrade recsys"
        )
    return manifest


def artifacts(directory: Path) -> list[Path]:
    """The directories in ``directory`` that hold an artifact, in the order of their names; half-written ones do not."""
    return sorted(path.parent for path in directory.glob("*/" + MANIFEST) if not path.parent.name.startswith("."))


def file_hashes(directory: Path) -> dict[str, str]:
    """SHA-256 of every file below ``directory`` but the manifest, by POSIX relative path."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(directory).as_posix(): sha256_file(path) for path in files}


def is_inside(name: str) -> bool:
    """Whether a file's name, from JSON that no one vouches for, stays within its artifact on every system.

    >>> is_inside("items/title.bin"), is_inside("../model.tflite")
    (True, False)
    """
    return not {"\0", "\\"} & set(name) and not {"", ".", ".."} & set(name.split("/"))


def check_files(directory: Path, hashes: dict[str, str], kind: str) -> None:
    """Refuse a file that is missing, changed, or named outside ``directory``.

    Raises:
        ArtifactError: names the file, the hash expected and the hash found.
    """
    root = directory.resolve()
    for name, expected in hashes.items():
        if not is_inside(name) or not (root / name).resolve().is_relative_to(root):  # a link may lead out, too
            raise ArtifactError(f"{directory / MANIFEST}: file name {name!r} points outside the {kind}")
        path = root / name
        if not path.is_file():
            raise ArtifactError(f"{path}: missing from the {kind}; make or fetch it again")
        found = sha256_file(path)
        if found != expected:
            raise ArtifactError(f"{path}: SHA-256 is {found}, the manifest says {expected}; the {kind} is damaged")


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A file that appears whole, by one rename: the block writes to the path that it is given."""
    aside = path.with_name(f".{path.name}{ASIDE}{uuid.uuid4().hex[:8]}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def appearing_directory(path: Path) -> Iterator[Path]:
    """A directory that appears whole, by one rename; where it is there already, made of the same, it is kept."""
    aside = path.with_name(f".{path.name}{ASIDE}{uuid.uuid4().hex[:8]}")
    aside.mkdir(parents=True)
    try:
        yield aside
        _appear(aside, path, overwrite=False)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def is_published(target: Path) -> bool:
    """Whether the artifact is there; one that a kill left half replaced is put back first."""
    if target.parent.exists():
        _clear_remains(target)
    return target.exists()


@contextmanager
def publish(target: Path, *, overwrite: bool = False, check: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A directory to write into, which becomes ``target`` by one rename when the block ends well.

    What an earlier, killed attempt left behind is cleared first; on an error nothing becomes visible. Where another
    process has made ``target`` meanwhile, its is kept: both are made of the same.

    Raises:
        ArtifactError: ``target`` is already there and ``overwrite`` is false.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_remains(target)
    if target.exists() and not overwrite:
        raise ArtifactError(f"{target}: already there; pass --overwrite to make it again")
    aside = _beside(target, ASIDE)
    aside.mkdir()
    try:
        yield aside
        if check is not None:
            check(aside)
        with exclusive(target.parent):
            _appear(aside, target, overwrite)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _beside(target: Path, kind: str) -> Path:
    """A name beside ``target`` that no other attempt has; it says whose it is."""
    return target.with_name(f".{target.name}{kind}{this_process()}-{uuid.uuid4().hex[:8]}")


def _appear(aside: Path, target: Path, overwrite: bool) -> None:
    """Rename ``aside`` to ``target``, which may come and go meanwhile where the disk has no locks."""
    if target.exists() and overwrite:
        old = _beside(target, OLD)
        with suppress(FileNotFoundError):
            target.replace(old)
        try:
            _appear(aside, target, overwrite=False)
        finally:
            shutil.rmtree(old, ignore_errors=True)
    elif not target.exists():
        try:
            aside.replace(target)
        except OSError:
            if not target.exists():  # otherwise another process was faster, and made the same
                raise


def _clear_remains(target: Path) -> None:
    """Take away what killed attempts left, and put back what one of them had put aside."""
    with exclusive(target.parent):
        for old in filter(_is_left, target.parent.glob(f".{glob.escape(target.name)}{OLD}*")):
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    old.replace(target)
        for stale in filter(_is_left, target.parent.glob(f".{glob.escape(target.name)}{ASIDE}*")):
            shutil.rmtree(stale, ignore_errors=True)


def _is_left(aside: Path) -> bool:
    """Whether nobody works on ``aside`` any more; of another machine's process, when nothing changed for long."""
    gone = is_gone(aside.name)
    if gone is not None:
        return gone
    try:
        newest = max(path.stat().st_mtime for path in (aside, *aside.rglob("*")))
    except FileNotFoundError:  # it is being worked on
        return False
    return time.time() - newest > LONG
