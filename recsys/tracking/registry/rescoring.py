"""A stored model on another dataset's targets: how two models trained at different times are held together."""

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.evaluation.evaluate import EvaluationData, Targets, rank
from recsys.evaluation.ranking import ScoreAll
from recsys.evaluation.significance import Floats
from recsys.tracking.models.loader import Recommender


def ranks_in(recommender: Recommender, dataset: Dataset, targets: Targets, config: EvaluationConfig) -> Floats:
    """Rank of every target in the catalog of ``dataset``, ``[targets]``, whatever the model was trained on."""
    return rank(scores_of(recommender, dataset), EvaluationData.of(dataset), targets, config)


def scores_of(recommender: Recommender, dataset: Dataset) -> ScoreAll:
    """The model as full-catalog evaluation over ``dataset`` calls it.

    Items that the model does not know are left out of its histories, and come last in its rankings.
    """
    theirs = translation(recommender, dataset)
    known = theirs != PAD_ID
    length = int(recommender.history.items.shape[1])
    longest = int(np.diff(dataset.sequences.offsets).max(initial=length))
    whole = recommender.history.map(lambda channel: np.empty((0, longest), np.int32))

    def score_all(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        history = dataset.sequences.histories(users, positions, whole)
        pushed = push_right(history._replace(items=theirs[history.items]))
        scores = recommender.score_all(pushed.map(lambda channel: channel[:, -length:]))
        return np.where(known, scores[:, theirs], np.float32(-np.inf))

    return score_all


def translation(recommender: Recommender, dataset: Dataset) -> npt.NDArray[np.int32]:
    """The model's id of each of the dataset's, ``[table_size] int32``; ``PAD_ID`` for items that it does not know."""
    vocabulary = recommender.dataset.vocabulary
    theirs = np.zeros(dataset.vocabulary.table_size, np.int32)
    encoded = vocabulary.encode(dataset.vocabulary.external_ids)
    encoded[encoded > len(vocabulary)] = PAD_ID  # an out-of-vocabulary bucket is no item to be ranked
    theirs[1 : len(encoded) + 1] = encoded
    return theirs


def push_right(history: History) -> History:
    """Close the holes that unknown items leave, padding on the left.

    ``0 5 0 7`` becomes ``0 0 5 7``.
    """
    order = np.argsort(history.items != PAD_ID, axis=1, kind="stable")
    return history.map(lambda channel: np.take_along_axis(channel, order, axis=1))
