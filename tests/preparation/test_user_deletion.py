"""Whose events are left out, and what is kept of them."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.core.schema import USER
from recsys.preparation.user_deletion import KEY_FILE, Forgotten, drop_users, forget, keyed_hashes, read_users


def test_events_of_forgotten_users_go_and_are_counted() -> None:
    key = bytes(32)
    users = pa.array(["a", "b", "a", "c"]).dictionary_encode()
    events = pa.table({USER: users, "place": [0, 1, 2, 3]})
    forgotten = Forgotten(keyed_hashes(["a", "nobody"], key), key)
    left, counts = drop_users(events, forgotten)
    assert left.column("place").to_pylist() == [1, 3]
    assert counts == {int(keyed_hashes(["a"], key)[0]): 2}
    assert drop_users(events, Forgotten())[0] is events


def test_hashes_are_keyed_blake2b() -> None:
    digest = hashlib.blake2b("ü".encode(), key=b"k" * 32, digest_size=8).digest()
    assert keyed_hashes(["ü"], b"k" * 32).tolist() == [int.from_bytes(digest, "little")]
    assert keyed_hashes(["ü"], b"l" * 32).tolist() != [int.from_bytes(digest, "little")]


def test_a_key_is_made_once_and_only_when_somebody_is_to_be_forgotten(tmp_path: Path) -> None:
    assert len(forget([], None, tmp_path)) == 0
    assert not (tmp_path / KEY_FILE).exists()
    first = forget(["u"], None, tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    again = forget(["v", "u"], None, tmp_path)
    assert again.key == first.key
    assert set(first.hashes) < set(again.hashes)
    assert again.fingerprint == first.fingerprint != Forgotten().fingerprint
    assert first.key.hex() not in repr(first)


@pytest.mark.parametrize(
    ("content", "users"),
    [
        (b"u1\nu2\n", ["u1", "u2"]), (b"\xef\xbb\xbfu2\r\nu1", ["u1", "u2"]), (b"u1\n\n\nu1\n", ["u1"]), (b"", []),
        (b" u1\n", [" u1"]), (b"12.0\n12\n7\n", ["12", "7"]), ("ü\n".encode(), ["ü"]),
    ],
)  # fmt: skip
def test_lists_of_users(tmp_path: Path, content: bytes, users: list[str]) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    assert read_users(tmp_path / "list.txt") == users


def test_lists_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"list\.txt: no such list of users to forget; expected one user id a line"):
        read_users(tmp_path / "list.txt")
    (tmp_path / "list.txt").write_bytes("ü\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"list\.txt: .* not UTF-8"):
        read_users(tmp_path / "list.txt")
