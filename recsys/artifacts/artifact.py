"""What datasets, runs and scores share: a directory with a typed manifest, and hashes that vouch for its files."""

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import ValidationError

from recsys.artifacts.manifests import Manifest
from recsys.config import problems
from recsys.core.artifact import check_files, read_manifest
from recsys.core.errors import ArtifactError
from recsys.core.schema import MANIFEST
from recsys.storage.copies import here

M = TypeVar("M", bound=Manifest)


class Artifact(Generic[M]):
    """A directory of one kind; the copy here of one in a store.

    ``verify`` holds its files to their hashes; nothing else reads them all.
    """

    kind: ClassVar[str]
    format_version: ClassVar[int]
    manifest_type: type[M]
    sealed: ClassVar[tuple[str, ...]]  # files and folders that the manifest must have hashes of

    def __init__(self, path: Path | str) -> None:
        self.path = here(path)

    @classmethod
    def heading(cls) -> dict[str, Any]:
        """What every manifest of this kind begins with."""
        return {"kind": cls.kind, "format_version": cls.format_version}

    @property
    def manifest(self) -> M:
        """The manifest as it stands now.

        Raises:
            ArtifactError: there is none, it is of another kind or a newer format, or a key is missing or wrong.
        """
        values = read_manifest(self.path, self.kind, self.format_version)
        try:
            return self.manifest_type.model_validate(values)
        except ValidationError as error:
            lines = "\n".join(f"  {line}" for line in problems(error, self.manifest_type))
            raise ArtifactError(
                f"{self.path / MANIFEST}: not what this version writes:\n{lines}\nMake the {self.kind} again"
            ) from None

    def verify(self) -> Self:
        """The artifact itself.

        Raises:
            ArtifactError: a file is missing or changed, or the manifest has no hash of one that is needed.
        """
        check_files(self.path, self._hashes(), self.kind)
        return self

    def _hashes(self) -> dict[str, str]:
        files = self.manifest.files
        for needed in self.sealed:
            if not any(name == needed or name.startswith(f"{needed}/") for name in files):
                raise ArtifactError(
                    f"{self.path / MANIFEST}: files has no SHA-256 of {needed}, so that nothing vouches for it; "
                    f"make the {self.kind} again"
                )
        return files


class SealedArtifact(Artifact[M]):
    """One that never changes: its manifest is read once, and what is none is refused when it is opened.

    Raises:
        ArtifactError: as ``manifest``.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.manifest  # noqa: B018

    @cached_property
    def manifest(self) -> M:
        return super().manifest
