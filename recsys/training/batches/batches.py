"""One epoch as packed batches: what a training step reads."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.core.history import ages
from recsys.core.schema import PAD_ID
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.memory import CHUNK
from recsys.sequences.ranges import count_in_ranges, flat_ranges
from recsys.sequences.sequences import Sequences
from recsys.sequences.transitions import Transitions
from recsys.training.batches.augmentation import Augmentation
from recsys.training.batches.examples import cut_examples
from recsys.training.batches.negatives import NegativeSampler
from recsys.training.batches.own_transitions import OthersTransitions
from recsys.training.batches.packing import pack

Batch = dict[str, npt.NDArray[Any]]
"""Arrays of one step; ``rows × length`` slots, most of them real:

- what is read, as a ``History`` names its inputs: ``[rows, length]`` a channel
- ``targets [rows, length] int32``, the item that came next; ``PAD_ID`` where none, or where that event is only context
- ``weights [rows, length] float32``, how much each target counts, 0 where none; where types of events have weights
- ``segments [rows, length] int32``, 1.. by example of the batch; 0 is padding
- ``positions [rows, length] int32``, from the example's newest or oldest event
- ``requests [rows, length] int32``, seconds from the target to the example's newest event, which ages are counted from,
  too; where times are read
- ``count [] float32``, targets of the batch, by their weights
- ``seen [m] int32``, the training items of the examples' users, context left out, and ``seen_by [m] int32``, the
  segment of each
- ``negatives [n] int32`` and ``log_expected [n] float32``
- ``target_counts [rows, length, newest] float32``, others' transitions to the target
- ``divisors [rows, length] float32``, what others' transitions from the item are divided by
"""


class Batches:
    """Shuffles examples, packs them, and adds negatives and what the memory may know.

    Args:
        ends: ``[users] int64``, flat end of each user's events that train.
        trained_only: whether only items that train are negatives; others would learn to be ranked low.
    """

    def __init__(
        self,
        sequences: Sequences,
        ends: npt.NDArray[np.int64],
        model: ModelConfig,
        training: TrainingConfig,
        items: int,
        transitions: Transitions | None,
        *,
        trained_only: bool = False,
    ) -> None:
        self.sequences, self.ends, self.model, self.training = sequences, ends, model, training
        self.starts = sequences.offsets[:-1]
        self.row_length = -(-model.max_length // CHUNK) * CHUNK if model.memory else model.max_length
        self.history = history_spec(model, None, self.row_length)
        self.flat = sequences.events(self.history)
        mask = sequences.target_mask
        self.wanted = None if mask is None else np.flatnonzero(mask)
        self.examples = cut_examples(self.starts, ends, model.max_length, training.events, mask)
        counts = count_in_ranges(sequences.items, self.starts, ends, items + 1, mask)
        self.sampler = NegativeSampler(training.negatives, counts[1 : items + 1], trained_only)
        self.augmentation = Augmentation(training.augmentation)
        memory = model.memory
        self.others = OthersTransitions(transitions, memory.normalization, mask) if transitions and memory else None

    def signature(self) -> dict[str, Any]:
        """The TensorFlow types of a batch; rows and negatives vary."""
        newest = self.model.memory.newest if self.model.memory else 0
        rows = (None, self.row_length)
        integers = ["targets", "segments", "positions", *(["requests"] if self.model.request_time else [])]
        return {
            **self.history.inputs(),
            **{name: tf.TensorSpec(rows, tf.int32) for name in integers},
            **{name: tf.TensorSpec([None], tf.int32) for name in ("seen", "seen_by", "negatives")},
            **({} if self.sequences.weights is None else {"weights": tf.TensorSpec(rows, tf.float32)}),
            "log_expected": tf.TensorSpec([None], tf.float32),
            "count": tf.TensorSpec([], tf.float32),
            "target_counts": tf.TensorSpec([*rows, newest], tf.float32),
            "divisors": tf.TensorSpec(rows, tf.float32),
        }

    def __len__(self) -> int:
        return -(-len(self.examples.users) // self.training.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch ``number``: the same for the same seed, whatever came before."""
        rng = np.random.default_rng([self.training.seed, number])
        order = rng.permutation(len(self.examples.users))
        for first in range(0, len(order), self.training.batch_size):
            yield self._batch(rng, order[first : first + self.training.batch_size])

    def _batch(self, rng: np.random.Generator, chosen: npt.NDArray[np.int64]) -> Batch:
        users = self.examples.users[chosen]
        first, last = self.augmentation.crop(rng, self.examples.starts[chosen], self.examples.ends[chosen])
        last, prefixes = self.augmentation.prefix(rng, first, last, self.wanted)
        whole = last - first
        repetitions = self.augmentation.repetitions(rng, whole, prefixes, self.model.max_length + 1)
        lengths = whole * repetitions - 1  # an event is read for all but the last
        rows, columns, count = pack(lengths, self.row_length)
        owner, index = flat_ranges(np.zeros_like(lengths), lengths)
        slot = (rows[owner], columns[owner] + index)
        place = np.arange(len(owner)) + owner  # of an event that is read, among the batch's events
        history, event = flat_ranges(np.zeros_like(lengths), lengths + 1)
        order = self.augmentation.order(rng, first[history] + event % whole[history], lengths + 1)
        read, came = (self.flat.map(lambda channel, at=at: channel[order[at]]) for at in (place, place + 1))
        read = read._replace(items=self.augmentation.blank(rng, read.items))
        newest_first = lengths[owner] - 1 - index
        targets = np.where(prefixes[owner] & (newest_first > 0), PAD_ID, came.items).astype(np.int32)
        weights = None
        if self.sequences.weights is not None:
            weights = np.where(targets != PAD_ID, self.sequences.weights[order[place + 1]], 0).astype(np.float32)
            targets = np.where(weights > 0, targets, PAD_ID).astype(np.int32)
        total = float(np.count_nonzero(targets) if weights is None else weights.sum())
        seen_by, seen = flat_ranges(self.starts[users], self.ends[users])
        if self.sequences.target_mask is not None:  # what users disliked, targets are to be told apart from
            wanted = self.sequences.target_mask[seen]
            seen_by, seen = seen_by[wanted], seen[wanted]
        shape = (count, self.row_length)

        def spread(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            out = np.zeros(shape, values.dtype)
            out[slot] = values
            return out

        negatives, log_expected = self.sampler.draw(rng, targets[targets != PAD_ID])
        batch: Batch = {}
        if self.model.request_time:
            newest_time = self.flat.times[last - 1][owner]
            read = read._replace(times=ages(read.times, newest_time))
            batch["requests"] = spread(ages(came.times, newest_time))
        batch |= {
            **read.map(spread).inputs(),
            "targets": spread(targets),
            "segments": spread((owner + 1).astype(np.int32)),
            "positions": spread((newest_first if self.model.positions == "newest" else index).astype(np.int32)),
            **({} if weights is None else {"weights": spread(weights)}),
            "count": np.array(total or 1.0, np.float32),
            "seen": self.sequences.items[seen],
            "seen_by": (seen_by + 1).astype(np.int32),
            "negatives": negatives,
            "log_expected": log_expected,
            "target_counts": np.zeros((*shape, 0), np.float32),
            "divisors": np.zeros(shape, np.float32),
        }
        if self.others is not None and self.model.memory is not None:
            newest = np.arange(self.model.memory.newest)
            behind = np.maximum(np.arange(len(targets))[:, None] - newest, 0)
            earlier = np.where(index[:, None] >= newest, read.items[behind], PAD_ID)
            distinct, user = np.unique(users, return_inverse=True)
            counts, divisors = self.others.look_up(
                self.sequences.items, self.starts[distinct], self.ends[distinct], user[owner], earlier, targets
            )
            batch["target_counts"] = np.zeros((*shape, len(newest)), np.float32)
            batch["target_counts"][slot] = counts
            batch["divisors"] = np.ones(shape, np.float32)
            batch["divisors"][slot] = divisors[:, 0]
        return batch
