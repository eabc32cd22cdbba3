"""An artifact's directory: its manifest, and the files that the manifest vouches for."""

from pathlib import Path
from typing import Any

from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json
from recsys.core.schema import MANIFEST


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
