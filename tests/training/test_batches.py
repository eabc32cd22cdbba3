"""An epoch's batches hold each user's training transitions, once, and nothing else."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from recsys.config import Config
from recsys.data.dataset import Dataset
from recsys.training.batches import Batches


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_epoch_predicts_every_event_up_to_the_ends(dataset: Dataset, config: Config, split: str) -> None:
    sequences = dataset.sequences
    starts, ends = sequences.offsets[:-1], sequences.bounds(split)[1]
    expected = Counter()
    for start, end in zip(starts, ends, strict=True):
        newest = sequences.items[start:end][-config.model.max_length - 1 :].tolist()
        expected.update(pairwise(newest))
    found = Counter()
    model = config.model.model_copy(update={"memory": None})
    for batch in Batches(sequences, ends, model, config.training, 20, None).epoch(1):
        real = batch["targets"] > 0
        np.testing.assert_array_equal(real, batch["ids"] > 0)
        found.update(zip(batch["ids"][real].tolist(), batch["targets"][real].tolist(), strict=True))
    assert found == expected


def test_epochs_differ_and_repeat(dataset: Dataset, config: Config) -> None:
    ends = dataset.sequences.bounds("train")[1]
    model = config.model.model_copy(update={"memory": None})
    batches = Batches(dataset.sequences, ends, model, config.training, 20, None)
    one, again, other = (next(iter(batches.epoch(number))) for number in (1, 1, 2))
    np.testing.assert_array_equal(one["ids"], again["ids"])
    assert not np.array_equal(one["negatives"], other["negatives"])
