"""Steps of a late epoch: their seeds still fit the integers that dropout takes."""

import numpy as np

from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.models.sasrec import build_model
from recsys.training.batches.batches import Batches
from recsys.training.fit import Fit


def test_the_epochs_have_no_end(dataset: Dataset, config: Config) -> None:
    model_config = config.model.model_copy(update={"memory": None})
    model = build_model(model_config, dataset.vocabulary.table_size)
    ends = dataset.sequences.bounds("train")[1]
    batches = Batches(dataset.sequences, ends, model_config, config.training, len(dataset.vocabulary), None)
    fit = Fit(model, batches, config.training, [])
    losses = [float(loss) for loss in fit.steps(2148)]  # 2148 * 1_000_003 > 2**31
    assert len(losses) == len(batches)
    assert np.isfinite(losses).all()
