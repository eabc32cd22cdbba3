"""What all tests share."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:  # what most tests do without
    from tests.chain_of_categories import Trained

settings.register_profile("untimed", deadline=None)  # a busy machine is not a bug
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> "Trained":
    """A model that knows the items of the chain of categories by their category, trained once."""
    import recsys
    from tests.chain_of_categories import Trained, chain_config, write_chain

    folder = tmp_path_factory.mktemp("chain")
    write_chain(folder)
    config = chain_config(folder)
    dataset = recsys.prepare(config, folder / "work")
    return Trained(config, dataset, recsys.train(config, dataset, folder / "work"))
