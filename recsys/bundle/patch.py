"""Apply a BSDIFF40 patch (Percival, 2003): how a phone turns last night's file into tonight's.

The file: ``BSDIFF40``, the lengths of the first two of three bzip2 streams and the size of the result, each an
8-byte little-endian sign-magnitude integer; then the streams: control triples, differences, new bytes. A triple
``(x, y, z)`` says: add ``x`` differences to the old bytes here, take ``y`` new bytes, move ``z`` on in the old file.
"""

import bz2
import struct

import numpy as np

from recsys.core.errors import ArtifactError

MAGIC = b"BSDIFF40"
MAX_BYTES, MAX_CONTROL = 1 << 31, 1 << 28


def apply_patch(old: bytes, patch: bytes) -> bytes:
    """The new file.

    Raises:
        ArtifactError: the patch is damaged, or was made for another file.
    """
    if len(patch) < 32 or patch[:8] != MAGIC:
        raise ArtifactError(f"not a patch (expected it to start with {MAGIC!r})")
    control_size, difference_size, size = (_integer(patch, place) for place in (8, 16, 24))
    if not (0 <= size <= MAX_BYTES and control_size >= 0 and difference_size >= 0):
        raise ArtifactError(f"a patch to {size} bytes, which no bundle's file has")
    start = 32 + control_size
    control = _unpack(patch[32:start], min(24 * (size + 1), MAX_CONTROL))
    differences = np.frombuffer(_unpack(patch[start : start + difference_size], size), np.uint8)
    fresh = _unpack(patch[start + difference_size :], size)
    source = np.frombuffer(old, np.uint8)
    new = np.empty(size, np.uint8)
    here = there = taken = added = 0
    for place in range(0, len(control) - len(control) % 24, 24):
        add, take, move = (_integer(control, place + offset) for offset in (0, 8, 16))
        if (
            min(add, take) < 0
            or here + add + take > size
            or added + add > len(differences)
            or taken + take > len(fresh)
        ):
            raise ArtifactError("the patch runs out of its own bytes; damaged")
        # As the original: where it reads beyond the old file, the old bytes count as zeros.
        low, high = max(0, -there), max(0, min(add, len(source) - there))
        new[here : here + add] = differences[added : added + add]
        if low < high:
            new[here + low : here + high] += source[there + low : there + high]
        here, there, added = here + add, there + add, added + add
        new[here : here + take] = np.frombuffer(fresh, np.uint8, take, taken)
        here, taken, there = here + take, taken + take, there + move
    if here != size:
        raise ArtifactError(f"the patch makes {here} bytes of the {size} that it promises; damaged")
    return new.tobytes()


def _integer(data: bytes, place: int) -> int:
    (value,) = struct.unpack_from("<Q", data, place)
    magnitude = int(value & ((1 << 63) - 1))
    return -magnitude if value >> 63 else magnitude


def _unpack(stream: bytes, most: int) -> bytes:
    unpack = bz2.BZ2Decompressor()
    try:
        content = unpack.decompress(stream, most + 1)
    except (OSError, EOFError) as error:
        raise ArtifactError(f"a stream of the patch is damaged ({error})") from None
    if len(content) > most or not unpack.eof:
        raise ArtifactError("a stream of the patch is not as long as it says; damaged")
    return content
