"""What a store's driver raises, said so that an engineer can mend it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.core.errors import RecsysError
from recsys.core.mirror import cache_dir, with_urls

DRIVERS = {"s3": "s3fs", "gs": "gcsfs", "hdfs": "pyarrow", "abfs": "adlfs"}
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "hdfs": "HADOOP_HOME and CLASSPATH; the user is HADOOP_USER_NAME",
    "abfs": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
# Of botocore, google-auth and azure; by name, for none of them need be installed.
_NO_CREDENTIALS = {
    "NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "DefaultCredentialsError",
    "ClientAuthenticationError",
}  # fmt: skip
_OF_THIS_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_NO_BUCKET = ("NoSuchBucket", "bucket does not exist", "ContainerNotFound")


class StorageError(RecsysError):
    """A store that cannot be reached, or refuses. Exit code 1."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Whatever a driver raises in this block about what ``path`` is a copy of, as a ``StorageError``.

    Raises:
        FileNotFoundError: nothing of that name is in the store, which itself is there.
        OSError: of this machine's own disk.
    """
    try:
        yield
    except RecsysError:
        raise
    except OSError as error:
        if error.errno in _OF_THIS_DISK:  # which a write does not name
            raise OSError(error.errno, error.strerror, str(cache_dir())) from error
        ours = error.filename is not None and Path(str(error.filename)).is_relative_to(cache_dir())
        if ours or (isinstance(error, FileNotFoundError) and not _lacks_bucket(error)):
            raise
        raise StorageError(_message(path, error)) from error
    except Exception as error:  # a driver's own kinds, and those of the packages below it
        raise StorageError(_message(path, error)) from error


def _message(path: Path, error: Exception) -> str:
    url = with_urls(path)
    scheme, _, rest = url.partition("://")
    bucket, credentials = f"{scheme}://{rest.partition('/')[0]}", _CREDENTIALS.get(scheme, "")
    said = (str(error).splitlines() or [""])[0][:300]
    if isinstance(error, ImportError):
        return f"{url}: needs a driver that is not installed ({said}): pip install {DRIVERS.get(scheme, 'fsspec')}"
    if type(error).__name__ in _NO_CREDENTIALS:
        return f"{url}: no credentials for {scheme}:// here ({said}); set {credentials}"
    if "libjvm" in said or "libhdfs" in said:
        return f"{url}: needs Java and Hadoop's client ({said}); set JAVA_HOME, {credentials}"
    if _lacks_bucket(error):
        return f"{url}: there is no bucket {bucket}; make it, or mend its name or the endpoint's (AWS_ENDPOINT_URL)"
    if isinstance(error, PermissionError):
        return f"{url}: the store denies it ({said}); the credentials of {credentials} need to list, read and write it"
    return f"{url}: the store has failed ({type(error).__name__}: {said}); the same command goes on when it is back"


def _lacks_bucket(error: BaseException) -> bool:
    chain = f"{error} {getattr(error.__cause__, 'response', '')}"
    return any(sign in chain for sign in _NO_BUCKET)
