"""``fnv1a64-fmix``: the one hash that routes users to buckets and breaks ties.

FNV-1a (64 bit) over UTF-8 bytes, then MurmurHash3's 64-bit finaliser, so that every bit is usable.
Short to write in any language, the same on every machine, and never Python's salted ``hash``.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

NAME = "fnv1a64-fmix"
_OFFSET = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)


def mix64(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """MurmurHash3's finaliser, element by element (``[n] uint64`` to ``[n] uint64``)."""
    h = values.astype(np.uint64, copy=True)
    for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h ^= h >> np.uint64(33)
        h *= np.uint64(multiplier)
    h ^= h >> np.uint64(33)
    return h


def hash_bytes(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Hash ``n`` byte strings that lie end to end.

    Args:
        data: ``[bytes] uint8``, the concatenated strings.
        offsets: ``[n + 1] int64``; string ``i`` is ``data[offsets[i]:offsets[i + 1]]``.

    Returns:
        ``[n] uint64``.
    """
    starts, lengths = offsets[:-1], np.diff(offsets)
    h = np.full(len(starts), _OFFSET, np.uint64)
    active = np.flatnonzero(lengths > 0)
    position = 0
    while len(active):
        h[active] = (h[active] ^ data[starts[active] + position].astype(np.uint64)) * _PRIME
        position += 1
        active = active[lengths[active] > position]
    return mix64(h)


def hash_strings(strings: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Hash each string's UTF-8 bytes: ``[n] uint64``.

    >>> [f"{value:016x}" for value in hash_strings(["", "50"]).tolist()]
    ['efd01f60ba992926', 'b322a4431a0d4c99']
    """
    encoded = [string.encode() for string in strings]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(one) for one in encoded], out=offsets[1:])
    return hash_bytes(np.frombuffer(b"".join(encoded), np.uint8), offsets)


def hash_events(item_hashes: npt.NDArray[np.uint64], timestamps: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """The last tie-break of an event's order: a hash of its item and time, ``[n] uint64``.

    The user takes no part, so that a phone, which does not know its user's id, orders alike.
    """
    return mix64(item_hashes ^ mix64(timestamps.view(np.uint64)))
