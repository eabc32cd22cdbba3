"""Steps of a late epoch: their seeds still fit the integers that dropout takes."""

import numpy as np

from recsys.config import Config
from recsys.data.dataset import Dataset
from recsys.models.sasrec import build_model
from recsys.training.batches import Batches
from recsys.training.objective import Objective
from recsys.training.optimizer import build_optimizer
from recsys.training.stepper import Stepper


def test_the_epochs_have_no_end(dataset: Dataset, config: Config) -> None:
    model_config = config.model.model_copy(update={"memory": None})
    model = build_model(model_config, dataset.vocabulary.table_size)
    objective = Objective(model, config.training)
    objective.compile(build_optimizer(config.training, 100))
    ends = dataset.sequences.bounds("train")[1]
    batches = Batches(dataset.sequences, ends, model_config, config.training, len(dataset.vocabulary), None)
    losses = [float(loss) for loss in Stepper(objective, batches, seed=1).epoch(2148)]  # 2148 * 1_000_003 > 2**31
    assert len(losses) == len(batches)
    assert np.isfinite(losses).all()
