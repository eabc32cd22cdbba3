"""The bundle artifact: a directory that a client loads only when every byte is what its manifest says."""

from functools import cached_property
from pathlib import Path, PurePosixPath

from recsys.bundle.golden import GoldenCase
from recsys.bundle.golden_file import read_golden
from recsys.bundle.manifest import BundleManifest
from recsys.bundle.policy import POLICY_FILE, Rule, read_policy
from recsys.bundle.strings import StringTable
from recsys.bundle.vocabulary import BundleVocabulary
from recsys.core.artifact import check_files, file_hashes, read_manifest
from recsys.core.errors import ArtifactError
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST

KIND = "bundle"
FORMAT_VERSION = 1
PHONE_FORMAT = "tflite"  # of the models that clients run
VOCABULARY_FILE = "vocabulary.bin"
GOLDEN_FILE = "golden.json"
ITEMS_DIR = "items"  # one string table a metadata column, rows as in the vocabulary
SIGNATURE_FILE = "manifest.sig"  # Ed25519 over the manifest's bytes, where the bundle is signed
MAX_MANIFEST_BYTES = 1 << 20


class Bundle:
    """A bundle directory, opened for reading and checked.

    Args:
        path: the directory.
        verify: compare every file with its SHA-256 in the manifest.

    Raises:
        ArtifactError: no bundle, a damaged or foreign one, or one of a newer format.
    """

    def __init__(self, path: Path | str, *, verify: bool = True) -> None:
        self.path = Path(path)
        manifest_file = self.path / MANIFEST
        self._refuse_parent()
        if manifest_file.is_file() and manifest_file.stat().st_size > MAX_MANIFEST_BYTES:
            raise ArtifactError(f"{manifest_file}: larger than {MAX_MANIFEST_BYTES} bytes; no bundle's manifest is")
        self.manifest = BundleManifest.from_json(read_manifest(self.path, KIND, FORMAT_VERSION), str(manifest_file))
        for name in (self.manifest.model_file, VOCABULARY_FILE):
            if name not in self.manifest.files:
                raise ArtifactError(f"{manifest_file}: files: {name} is not listed, so nothing vouches for it")
        if verify:
            check_files(self.path, self.present_files, KIND)

    def _refuse_parent(self) -> None:
        """A directory of variants, which export makes beside one another, is no bundle itself: name those inside."""
        if (self.path / MANIFEST).exists():
            return
        inside = sorted(found.parent for found in self.path.glob(f"*/{MANIFEST}"))
        if inside:
            variants = ", ".join(found.name for found in inside)
            raise ArtifactError(
                f"{self.path}: no bundle itself, it holds {variants}; name one, for example {inside[0]}"
            )

    @property
    def present_files(self) -> dict[str, str]:
        """Hashes of the files that must be there: a client may have left the goldens where it fetched the bundle."""
        return {name: value for name, value in self.manifest.files.items() if name != GOLDEN_FILE or self.has_golden}

    @property
    def has_golden(self) -> bool:
        """Whether golden cases came along; a client may have left them where it fetched the bundle."""
        return GOLDEN_FILE in self.manifest.files and (self.path / GOLDEN_FILE).exists()

    @property
    def model_file(self) -> Path:
        """The model, for a client.

        Raises:
            ArtifactError: it is of a format that no client runs.
        """
        if self.manifest.model_format != PHONE_FORMAT:
            raise ArtifactError(
                f"{self.path}: its model is of the format {self.manifest.model_format!r}, clients run {PHONE_FORMAT}; "
                f"export the run with export.format={PHONE_FORMAT}"
            )
        return self.path / self.manifest.model_file

    @cached_property
    def vocabulary(self) -> BundleVocabulary:
        vocabulary = BundleVocabulary(self.path / VOCABULARY_FILE, self.manifest.oov_buckets)
        if len(vocabulary) != self.manifest.items:
            raise ArtifactError(
                f"{self.path / VOCABULARY_FILE}: {len(vocabulary)} items, the manifest says {self.manifest.items}"
            )
        return vocabulary

    def item_column(self, name: str) -> StringTable | None:
        """Metadata of every item (``title``, …) by internal id - 1, or None where the bundle has none."""
        file = f"{ITEMS_DIR}/{name}.bin"
        if file not in self.manifest.files:
            return None
        table = StringTable(self.path / file)
        if len(table) != self.manifest.items:
            raise ArtifactError(f"{self.path / file}: {len(table)} rows for {self.manifest.items} items")
        return table

    @property
    def columns(self) -> list[str]:
        """Names of the metadata that the bundle has of its items."""
        inside = (PurePosixPath(name) for name in self.manifest.files)
        return [file.stem for file in inside if file.parent == PurePosixPath(ITEMS_DIR) and file.suffix == ".bin"]

    @cached_property
    def policy(self) -> tuple[Rule, ...]:
        """The rules to apply after the scores; none where the bundle has no policy."""
        return read_policy(self.path / POLICY_FILE) if POLICY_FILE in self.manifest.files else ()

    def golden(self) -> list[GoldenCase]:
        """All golden cases.

        Raises:
            ArtifactError: they are not there, or are none.
        """
        return read_golden(self.path / GOLDEN_FILE)

    @property
    def fetched_bytes(self) -> int:
        """What a client downloads that shows items and replays golden cases: all there is."""
        return sum((self.path / name).stat().st_size for name in (*self.present_files, MANIFEST))

    @property
    def device_bytes(self) -> int:
        """What a phone downloads to rank: the model, the vocabulary, the manifest and the policy, if any."""
        policy = {POLICY_FILE} & self.manifest.files.keys()
        names = (self.manifest.model_file, VOCABULARY_FILE, *policy, MANIFEST)
        return sum((self.path / name).stat().st_size for name in names)


def seal(directory: Path, manifest: BundleManifest) -> None:
    """Write the manifest over the files that lie in ``directory``: the last step of making a bundle."""
    value = {**manifest.to_json(), "files": file_hashes(directory)}
    write_json(directory / MANIFEST, {"kind": KIND, "format_version": FORMAT_VERSION, **value})
