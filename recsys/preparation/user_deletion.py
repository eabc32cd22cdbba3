"""Users who asked to be forgotten.

A dataset that they were taken out of keeps only a keyed hash of each id, so that no later log brings them back. The
key lies outside of the dataset: without it nobody can try out ids until one gives a hash that stands there.
"""

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.core.errors import ConfigError, DataError
from recsys.core.mirror import url_of
from recsys.core.publishing import appearing
from recsys.core.schema import USER
from recsys.log.values.identifiers import ids_as_text

KEY_FILE = "forget.key"  # in the work directory
KEY_VARIABLE = "RECSYS_FORGET_KEY_FILE"  # of the environment: the path of another
KEY_BYTES = 32


@dataclass(frozen=True)
class Forgotten:
    """Whose events are left out.

    Attributes:
        hashes: ``[n] uint64``, sorted: keyed BLAKE2b of each user's id.
        key: what they were hashed with.
    """

    hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    key: bytes = field(default=b"", repr=False)

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def fingerprint(self) -> str | None:
        """What tells this key from another, and nothing else of it; None where nobody is forgotten."""
        return (
            hashlib.blake2b(b"", key=self.key, digest_size=8, person=b"fingerprint").hexdigest() if len(self) else None
        )


def forget(users: Iterable[str], earlier: Dataset | None, work_dir: Path) -> Forgotten:
    """``users``, and all whom ``earlier`` left out. The key is made where nobody was forgotten before.

    Raises:
        ConfigError: the key that ``earlier`` was made with is not there, or nobody says where it is to lie.
        DataError: what is there is no key.
    """
    users = list(users)
    old = earlier.forgotten if earlier is not None else np.zeros(0, np.uint64)
    if not users and not len(old):
        return Forgotten()
    if url_of(work_dir) is not None and not os.environ.get(KEY_VARIABLE):
        raise ConfigError(
            f"{work_dir}: a store is no place for the key of forgotten users, and a copy here may go; name a file of "
            f"this machine in {KEY_VARIABLE}, which is made where it is not there yet, and keep it"
        )
    path = Path(os.environ.get(KEY_VARIABLE) or work_dir / KEY_FILE).expanduser()
    if not len(old):
        _make_key(path)
    key = _read_key(path) if path.exists() else b""
    forgotten = Forgotten(np.union1d(old, keyed_hashes(users, key)), key)
    if earlier is not None and len(old) and (not key or forgotten.fingerprint != earlier.manifest.forgotten_key):
        raise ConfigError(
            f"{earlier.path}: its forgotten users are hashed with a key that is not {path}; without it they would come "
            f"back. Copy {KEY_FILE} from the work directory that it was made in, or name it in {KEY_VARIABLE}"
        )
    return forgotten


def keyed_hashes(users: Iterable[str], key: bytes) -> npt.NDArray[np.uint64]:
    """``[n] uint64``, in the order of ``users``."""
    digests = b"".join(hashlib.blake2b(user.encode(), key=key, digest_size=8).digest() for user in users)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _make_key(path: Path) -> None:
    """Write a new key that only its owner reads, unless there is one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with appearing(path) as aside:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
        if path.exists():  # another process was faster; its key is used
            aside.write_bytes(path.read_bytes())


def _read_key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DataError(f"{path}: expected the key of forgotten users, {2 * KEY_BYTES} hex digits")
    return key


def read_users(path: Path) -> list[str]:
    """The user ids in a file, one a line, each once and sorted.

    An id is all that stands between two line ends, blanks included, and spelled as in the log (12.0 is 12); a byte
    order mark is not of it.

    Raises:
        DataError: no such file, or not UTF-8.
    """
    try:
        lines = [line.removesuffix("\r") for line in path.read_bytes().decode("utf-8-sig").split("\n")]
    except FileNotFoundError:
        raise DataError(f"{path}: no such list of users to forget; expected one user id a line") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the list of users to forget is not UTF-8 ({error})") from None
    ids, _ = ids_as_text(pa.array([line for line in lines if line], pa.string()))
    return sorted(set(ids.to_pylist()))


def holds_users(dataset: Dataset, users: Iterable[str]) -> bool:
    """Whether any of the users is in the dataset's sequences, or in the events that it keeps."""
    files = [*dataset.shard_files, *dataset.event_files]
    listed = set(users)
    columns = (pq.read_table(file, columns=[USER]).column(USER) for file in files)
    return any(not listed.isdisjoint(column.unique().to_pylist()) for column in columns)


def drop_users(events: pa.Table, forgotten: Forgotten) -> tuple[pa.Table, Counter[int]]:
    """The events of all other users, and how many were dropped of each forgotten user, by hash."""
    if not len(forgotten):
        return events, Counter()
    column = events.column(USER).combine_chunks()
    hashes = keyed_hashes(column.dictionary.to_pylist(), forgotten.key)[column.indices.to_numpy()]
    gone = np.isin(hashes, forgotten.hashes)
    return events.filter(pa.array(~gone)), Counter(hashes[gone].tolist())
