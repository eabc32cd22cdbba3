"""An epoch's batches hold each user's training transitions, once, and nothing else."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.config.training import AugmentationConfig
from recsys.core.schema import PAD_ID
from recsys.training.batches.augmentation import Augmentation
from recsys.training.batches.batches import Batches


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
        np.testing.assert_array_equal(real, batch["history"] > 0)
        found.update(zip(batch["history"][real].tolist(), batch["targets"][real].tolist(), strict=True))
    assert found == expected


def histories_of(dataset: Dataset, config: Config, **augmentation: float) -> list[tuple[list[int], list[int]]]:
    """What an epoch reads and predicts, user by user of its batches: ``(read, targets)``."""
    training = config.training.model_copy(update={"augmentation": AugmentationConfig(**augmentation)})
    model = config.model.model_copy(update={"memory": None})
    ends = dataset.sequences.bounds("train")[1]
    found = []
    for batch in Batches(dataset.sequences, ends, model, training, 20, None).epoch(1):
        for segment in range(1, batch["segments"].max() + 1):
            own = batch["segments"] == segment
            found.append((batch["history"][own].tolist(), batch["targets"][own].tolist()))
    return found


def test_cropping_trains_on_runs_of_histories(dataset: Dataset, config: Config) -> None:
    whole = [[read[0], *targets] for read, targets in histories_of(dataset, config)]
    cropped = [[read[0], *targets] for read, targets in histories_of(dataset, config, crop=1.0)]
    assert len(cropped) == len(whole)
    assert sum(map(len, cropped)) < sum(map(len, whole))
    for run in cropped:
        assert any(run == one[at : at + len(run)] for one in whole for at in range(len(one) - len(run) + 1)), run


def test_masking_blanks_what_is_read_and_no_target(dataset: Dataset, config: Config) -> None:
    masked = histories_of(dataset, config, mask=0.5)
    reads, targets = ([item for pair in masked for item in pair[part]] for part in (0, 1))
    assert 0.3 < reads.count(PAD_ID) / len(reads) < 0.7
    assert PAD_ID not in targets
    for read, wanted in masked:
        assert all(event in (PAD_ID, before) for event, before in zip(read[1:], wanted, strict=False))


def test_reordering_moves_events_whole(dataset: Dataset, config: Config) -> None:
    reordered = histories_of(dataset, config, reorder=1.0)
    for read, targets in reordered:  # what is read next is what was to be predicted: no target is shown early
        assert read[1:] == targets[:-1]
    whole = histories_of(dataset, config)
    chains = [sorted(sorted([read[0], *targets]) for read, targets in epoch) for epoch in (whole, reordered)]
    assert chains[0] == chains[1], "the same events"
    assert sorted(whole) != sorted(reordered), "in another order"


def test_a_prefix_has_its_last_event_as_its_only_target(dataset: Dataset, config: Config) -> None:
    whole = [[read[0], *targets] for read, targets in histories_of(dataset, config)]
    prefixes = histories_of(dataset, config, prefix=1.0)
    assert len(prefixes) == len(whole)
    for read, targets in prefixes:
        assert not any(targets[:-1]), "nothing before the last is a target"
        assert any(one[: len(read) + 1] == [*read, targets[-1]] for one in whole), "a history from its beginning"
    assert len({len(read) for read, _ in prefixes}) > 2, "cut at random events"


def test_a_prefix_ends_in_an_event_that_may_be_a_target() -> None:
    first, last = np.array([0, 4, 8, 12]), np.array([4, 8, 12, 15])
    wanted = np.array([0, 2, 5, 7, 8])  # of the third history only the first event, which is never predicted
    augmentation = Augmentation(AugmentationConfig(prefix=1.0))
    found = [augmentation.prefix(np.random.default_rng(seed), first, last, wanted) for seed in range(20)]
    assert {tuple(ends.tolist()) for ends, _ in found} == {(3, 6, 12, 15), (3, 8, 12, 15)}
    assert all(prefixes.tolist() == [True, True, False, False] for _, prefixes in found)


def test_a_prefix_is_read_once() -> None:
    augmentation = Augmentation(AugmentationConfig(repeat=1.0))
    lengths, prefixes = np.array([3, 3, 9]), np.array([True, False, False])
    assert augmentation.repetitions(np.random.default_rng(0), lengths, prefixes, 9).tolist() == [1, 3, 1]


def test_short_histories_are_repeated_until_the_row_is_full(dataset: Dataset, config: Config) -> None:
    length = config.model.max_length
    whole = [[read[0], *targets] for read, targets in histories_of(dataset, config)]
    repeated = [[read[0], *targets] for read, targets in histories_of(dataset, config, repeat=1.0)]
    expected = [one * max((length + 1) // len(one), 1) for one in whole]
    assert sorted(repeated) == sorted(expected)
    assert sorted(repeated) != sorted(whole)


def test_epochs_differ_and_repeat(dataset: Dataset, config: Config) -> None:
    ends = dataset.sequences.bounds("train")[1]
    model = config.model.model_copy(update={"memory": None})
    batches = Batches(dataset.sequences, ends, model, config.training, 20, None)
    one, again, other = (next(iter(batches.epoch(number))) for number in (1, 1, 2))
    np.testing.assert_array_equal(one["history"], again["history"])
    assert not np.array_equal(one["negatives"], other["negatives"])


def test_all_events_train_window_by_window(dataset: Dataset, config: Config) -> None:
    sequences, length = dataset.sequences, 3
    starts, ends = sequences.bounds("train")
    expected = Counter()
    for start, end in zip(starts, ends, strict=True):
        expected.update(pairwise(sequences.items[start:end].tolist()))
    model = config.model.model_copy(update={"memory": None, "max_length": length})
    training = config.training.model_copy(update={"events": "all"})
    found = Counter()
    for batch in Batches(sequences, ends, model, training, 20, None).epoch(1):
        assert np.bincount(batch["segments"].ravel())[1:].max() <= length
        real = batch["targets"] > 0
        found.update(zip(batch["history"][real].tolist(), batch["targets"][real].tolist(), strict=True))
    assert found == expected, "every event that trains is predicted once, from the one before it"


def test_a_batch_tells_all_that_its_users_train_on(dataset: Dataset, config: Config) -> None:
    sequences = dataset.sequences
    starts, ends = sequences.bounds("train")
    everyone = {frozenset(sequences.items[s:e].tolist()) for s, e in zip(starts, ends, strict=True)}
    model = config.model.model_copy(update={"memory": None, "max_length": 3})
    training = config.training.model_copy(update={"events": "all"})
    for batch in Batches(sequences, ends, model, training, 20, None).epoch(1):
        for segment in range(1, batch["segments"].max() + 1):
            seen = frozenset(batch["seen"][batch["seen_by"] == segment].tolist())
            assert seen in everyone
            assert set(batch["targets"][batch["segments"] == segment].tolist()) <= seen
