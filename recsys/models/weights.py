"""A model's arrays in one ``.npz`` file, by variable name; no pickles, so loading one runs no code."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.errors import ArtifactError, RecsysError
from recsys.core.publishing import appearing
from recsys.models.keras import keras


def save_weights(model: keras.Model, path: Path) -> None:
    """Write every variable; the file appears whole or not at all.

    Raises:
        RecsysError: two variables have one name.
    """
    names = [variable.name for variable in model.variables]
    if len(set(names)) < len(names):
        raise RecsysError(f"{path}: two variables have one name, one would be lost: {sorted(names)}")
    with appearing(path) as aside, aside.open("wb") as file:
        np.savez(file, **{variable.name: variable.numpy() for variable in model.variables})


@contextmanager
def open_weights(path: Path) -> Iterator[Mapping[str, npt.NDArray[Any]]]:
    """The arrays of ``path`` by variable name; one is read whenever it is asked for, and not kept.

    Raises:
        ArtifactError: the file is missing or damaged, when it is opened or when an array is asked for.
    """
    with ExitStack() as opened:
        with _told(path):
            # Opened here: numpy leaves a damaged file open.
            stored = opened.enter_context(np.load(opened.enter_context(path.open("rb")), allow_pickle=False))
        yield _Arrays(path, stored)


class _Arrays(Mapping[str, npt.NDArray[Any]]):
    """What numpy stored in the file ``path``."""

    def __init__(self, path: Path, stored: Mapping[str, npt.NDArray[Any]]) -> None:
        self._path, self._stored = path, stored

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._stored:
            raise KeyError(name)
        with _told(self._path):
            return self._stored[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Only what goes wrong in reading is the file's fault."""
    try:
        yield
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"{path}: cannot be read as weights ({error}); train again") from None


def load_weights(model: keras.Model, path: Path) -> None:
    """Assign every variable of ``model`` from ``path``.

    Raises:
        ArtifactError: the file is missing or damaged, or its names or shapes are not the model's.
    """
    wanted = {variable.name: variable for variable in model.variables}
    with open_weights(path) as arrays:
        if arrays.keys() != wanted.keys():
            missing, extra = sorted(wanted.keys() - arrays.keys()), sorted(arrays.keys() - wanted.keys())
            raise ArtifactError(f"{path}: other variables than the model's (missing {missing}, unknown {extra})")
        for name, variable in wanted.items():
            array = arrays[name]
            if array.shape != tuple(variable.shape):
                raise ArtifactError(f"{path}: {name} has shape {array.shape}, the model wants {variable.shape}")
            variable.assign(array)
