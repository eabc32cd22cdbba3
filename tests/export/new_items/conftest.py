"""The bundles that tonight's items are added to."""

import pytest

import recsys
from recsys.bundle import Bundle
from tests.chain_of_categories import Trained


@pytest.fixture(scope="session")
def bundles(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    return recsys.export_bundles(trained.run, trained.dataset, trained.config, tmp_path_factory.mktemp("bundles"))
