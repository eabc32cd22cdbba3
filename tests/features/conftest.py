"""One model that knows items by their category, trained once."""

from typing import NamedTuple

import pytest

import recsys
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config
from tests.features.chain_of_categories import chain_config, write_chain


class Trained(NamedTuple):
    """A run, and all that it was made of."""

    config: Config
    dataset: Dataset
    run: Run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("chain")
    write_chain(folder)
    config = chain_config(folder)
    dataset = recsys.prepare(config, folder / "work")
    return Trained(config, dataset, recsys.train(config, dataset, folder / "work"))
