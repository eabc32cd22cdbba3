"""What drivers raise, as an engineer reads it."""

import errno

import pytest

from recsys.core.mirror import cache_dir, mirror_of
from recsys.storage.errors import StorageError, told


class NoCredentialsError(Exception):
    """Of botocore's name."""


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("gs://b/x", ImportError("Please install gcsfs"), r"\(Please install gcsfs\): pip install gcsfs"),
        ("s3://b/x", ModuleNotFoundError("No module named 'fsspec'"), r"pip install s3fs"),
        ("s3://b/x", NoCredentialsError("Unable to locate"), "no credentials for s3://.*set AWS_ACCESS_KEY_ID"),
        ("abfs://c@a/x", NoCredentialsError("none"), "set AZURE_STORAGE_ACCOUNT_NAME"),
        ("s3://b/x", PermissionError("Access Denied"), r"denies it \(Access Denied\).*list, read and write"),
        ("s3://b/x", FileNotFoundError("The specified bucket does not exist"), "there is no bucket s3://b; make it"),
        ("hdfs://h/x", OSError("Unable to load libjvm\nand 100 lines"), r"Hadoop's client \(Unable to load libjvm\)"),
        ("s3://b/x", TimeoutError("read"), r"the store has failed \(TimeoutError: read\); the same command goes on"),
        ("s3://b/x", RuntimeError(""), r"the store has failed \(RuntimeError: \)"),
    ],
)
def test_it_says_what_to_do(url: str, error: Exception, said: str) -> None:
    with pytest.raises(StorageError, match=f"^{url}: .*{said}") as raised, told(mirror_of(url)):
        raise error
    assert raised.value.__cause__ is error


def test_what_is_not_there_is_no_failure_of_the_store() -> None:
    with pytest.raises(FileNotFoundError), told(mirror_of("s3://b/x")):
        raise FileNotFoundError("x")


@pytest.mark.parametrize("named", [False, True])
def test_this_machines_disk_is_not_the_store(named: bool) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    denied = PermissionError(errno.EACCES, "Permission denied", str(mirror_of("s3://b/x")))
    error = denied if named else full
    with pytest.raises(OSError, match=error.strerror) as raised, told(mirror_of("s3://b/x")):
        raise error
    assert not isinstance(raised.value, StorageError)
    assert str(raised.value.filename).startswith(str(cache_dir()))
