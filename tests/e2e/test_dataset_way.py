"""How far a dataset wanders on its way from the command to the sealed run, seen from every call that takes it along."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from recsys.artifacts.dataset import Dataset
from tests.e2e.conftest import Recsys
from tests.test_architecture import MODULES, layer_of

MOST_MODULES, MOST_CLIMBS = 12, 4
NAMES = {str(path): name for name, path in MODULES.items()}


@pytest.mark.long
def test_a_dataset_goes_a_short_way_to_the_sealed_run(recipe: Path, recsys: Recsys) -> None:
    assert recsys("prepare", recipe) == 0
    way: list[str] = []

    def look(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        module = NAMES.get(code.co_filename) if event == "call" else None
        if module is None or module == (way[-1] if way else None):
            return
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if any(isinstance(frame.f_locals.get(name), Dataset) for name in arguments):
            way.append(module)

    sys.setprofile(look)
    try:
        assert recsys("train", recipe) == 0
    finally:
        sys.setprofile(None)
    way = way[way.index("recsys.cli.train") :]  # before it the dataset was found
    layers = [layer[0] for module in way if (layer := layer_of(module)) is not None]
    climbs = [f"{way[n]} → {way[n + 1]}" for n in range(len(way) - 1) if layers[n + 1] > layers[n]]
    assert len(set(way)) <= MOST_MODULES, way
    assert len(climbs) <= MOST_CLIMBS, climbs
