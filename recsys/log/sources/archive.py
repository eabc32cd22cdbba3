"""Reading an archive without trusting it: members are opened by name, nothing is unpacked to the paths it holds."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from recsys.core.errors import DataError

MAX_MEMBER_BYTES = 1 << 31


@contextmanager
def open_member(archive: Path, name: str) -> Iterator[BinaryIO]:
    """The member ``name`` of a zip archive, opened for reading.

    Raises:
        DataError: not a zip archive, no such member, or one that claims more than 2 GiB.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            size = opened.getinfo(name).file_size
            if size > MAX_MEMBER_BYTES:
                raise DataError(f"{archive}: member {name} claims {size} bytes, more than {MAX_MEMBER_BYTES}")
            with opened.open(name) as file:
                yield cast(BinaryIO, file)
    except KeyError:
        raise DataError(f"{archive}: no member {name}; the archive is not laid out as expected") from None
    except zipfile.BadZipFile as error:
        raise DataError(f"{archive}: damaged archive ({error})") from None
