"""A model as full-catalog evaluation calls it."""

from collections.abc import Callable

from recsys.artifacts.dataset import Dataset
from recsys.core.history import History
from recsys.evaluation.ranking import ScoreAll
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec


def compiled(model: SASRec) -> Callable[[History], tf.Tensor]:
    """``model.score_all`` as one graph for any number of histories."""
    function: Callable[[History], tf.Tensor] = tf.function(
        model.score_all, input_signature=[history_spec(model.config, None)]
    )
    return function


def scorer(model: SASRec, dataset: Dataset) -> ScoreAll:
    """Scores of the whole item table for targets of ``dataset``, given by user and flat position."""
    score_all, length, sequences = compiled(model), model.config.max_length, dataset.sequences
    return lambda users, positions: score_all(sequences.histories(users, positions, length)).numpy()
