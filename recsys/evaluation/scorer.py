"""A model as full-catalog evaluation calls it."""

from collections.abc import Callable

from recsys.core.history import History
from recsys.evaluation.ranking import ScoreAll
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec
from recsys.sequences.sequences import Sequences


def compiled(model: SASRec) -> Callable[[History], tf.Tensor]:
    """``model.score_all`` as one graph for any number of histories."""
    function: Callable[[History], tf.Tensor] = tf.function(
        model.score_all, input_signature=[history_spec(model.config, None)]
    )
    return function


def scorer(model: SASRec, sequences: Sequences) -> ScoreAll:
    """Scores of the whole item table for events of ``sequences``, given by user and flat position."""
    score_all, like = compiled(model), history_spec(model.config, None)
    return lambda users, positions: score_all(sequences.histories(users, positions, like)).numpy()
