"""Why an item is ranked where it is for a user: which events, and which of the item's features, speak for it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.core.errors import ConfigError, DataError
from recsys.core.events import Event
from recsys.core.history import History, client_encoding, encode_history
from recsys.core.schema import PAD_ID
from recsys.models.events import history_spec
from recsys.models.explanation import EXPLAINED, explain
from recsys.models.items import FeaturedItems
from recsys.models.keras import tf
from recsys.models.loading import load_unfolded

CHUNK = 16_384  # items whose parts are in memory at once


class Because(NamedTuple):
    """An event that speaks for an item.

    Attributes:
        item: what the event touched.
        attribution: what the item's score loses when the event had not happened.
        shared: the features that both items share, those that speak most for the ranked one first, and the values that
            both have, the rarest first; none of a text or a vector, which are alike.
    """

    item: str
    attribution: float
    shared: dict[str, tuple[str, ...]]


class Explanation(NamedTuple):
    """What an item's score is made of: ``average + own + memory`` and all of ``features``.

    Attributes:
        item: by its own id.
        score: what ranks it.
        average: what attention gives the average item of the catalog, the same for each item.
        own: what the item's own vector adds to that; of an item without events, what stands for it.
        memory: what the transition memory adds; 0 without one.
        features: what each feature adds, by its column, those that speak most for the item first. It is how far the
            score falls when the feature were the average item's (of a linear model, Shapley values: Štrumbelj and
            Kononenko, 2014).
        because: the events that speak for the item, the strongest first.
    """

    item: str
    score: float
    average: float
    own: float
    memory: float
    features: dict[str, float]
    because: tuple[Because, ...]


class Explainer:
    """Explains the ranking of ``run``'s model for users of ``dataset``, and for any other history of its items.

    Raises:
        ConfigError: the model reads no features.
        ArtifactError: the run is not finished or damaged, or was trained on another dataset.
    """

    def __init__(self, run: Run, dataset: Dataset) -> None:
        check_trained_on(run, dataset)
        self.dataset, self.model = dataset, load_unfolded(run)
        if not isinstance(self.model.items, FeaturedItems):
            raise ConfigError(
                f"{run.path}: its model reads no features, so none can be named; train with data.items.features, or "
                "ask a bundle's signature explain which events speak for an item"
            )
        self.items, self.encoders = self.model.items, dataset.encoders.by_name
        self.rows = {one.name: one.rows for one in dataset.features}
        self.average = self._average_parts()

    def __call__(self, user: str | Sequence[Event], items: Sequence[str], most: int = 3) -> list[Explanation]:
        """Why each of ``items`` is ranked where it is after all that ``user`` did, of at most ``most`` events each.

        Args:
            user: of the dataset, or a history as a client holds it, ranked for when its newest event happened; what the
                dataset does not know is left out of it.

        Raises:
            DataError: the dataset has no such user or item.
        """
        ids = self._ids(items)
        history = self._history(user) if isinstance(user, str) else self._encoded(user)
        query = self.model.encode(history)
        scores = self.model.score(history, tf.constant(ids[None]))[0].numpy()
        attention = self.model.items.lookup(ids).numpy() @ query.numpy()[0]
        parts = (self.items.split(tf.constant(ids)).numpy() - self.average) @ query.numpy()[0]
        attributions = explain(self.model, history, tf.constant(ids[None])).numpy()
        events = history.items.numpy()[0, -EXPLAINED:]
        found = []
        for place, item in enumerate(items):
            own, *said = (float(part) for part in parts[place])
            features = dict(sorted(zip(self.encoders, said, strict=True), key=lambda one: -one[1]))
            found.append(
                Explanation(
                    item,
                    score=float(scores[place]),
                    average=float(self.average.sum(axis=0) @ query.numpy()[0]),
                    own=own,
                    memory=float(scores[place] - attention[place]),
                    features=features,
                    because=self._because(ids[place], events, attributions[place], [*features], most),
                )
            )
        return found

    def _because(
        self,
        item: int,
        events: npt.NDArray[np.int32],
        attributions: npt.NDArray[np.float32],
        features: list[str],
        most: int,
    ) -> tuple[Because, ...]:
        order = np.argsort(-attributions, kind="stable")[:most]
        names, known = self.dataset.vocabulary.external_ids, len(self.dataset.vocabulary)
        because = []
        for place in order:
            event = int(events[place])
            if attributions[place] <= 0 or not PAD_ID < event <= known:
                continue
            both = {
                name: self.encoders[name].shared(self.rows[name][event], self.rows[name][item]) for name in features
            }
            shared = {name: values for name, values in both.items() if values is not None}
            because.append(Because(names[event - 1], float(attributions[place]), shared))
        return tuple(because)

    def _ids(self, items: Sequence[str]) -> npt.NDArray[np.int32]:
        self.dataset.check_has(items)
        return np.asarray(self.dataset.vocabulary.encode(list(items)), np.int32)

    def _history(self, user: str) -> History:
        sequences = self.dataset.sequences
        rows = np.flatnonzero(sequences.users == user)
        if not len(rows):
            raise DataError(f"{self.dataset.path}: has no user {user!r}; its sequences list those that it has")
        like = history_spec(self.model.config, None)
        return sequences.histories(rows, sequences.offsets[rows + 1], like).map(tf.constant)

    def _encoded(self, events: Sequence[Event]) -> History:
        like, length = history_spec(self.model.config, None), self.model.config.max_length
        policy, codes = client_encoding(like, self.dataset.policy, self.dataset.codes)
        now = max((event.timestamp for event in events), default=0)
        encoded = encode_history(events, self.dataset.vocabulary, length, policy, now, codes)
        return encoded.like(like).map(tf.constant)

    def _average_parts(self) -> npt.NDArray[np.float64]:
        """The mean parts of an item of the catalog, ``[1 + features, width]``."""
        ends = range(1, len(self.dataset.vocabulary) + 1, CHUNK)
        last = len(self.dataset.vocabulary) + 1
        sums: Any = sum(
            self.items.split(tf.range(first, min(first + CHUNK, last))).numpy().sum(axis=0, dtype=np.float64)
            for first in ends
        )
        return np.asarray(sums / (last - 1), np.float64)
