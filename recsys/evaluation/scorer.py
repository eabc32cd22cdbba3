"""A model as full-catalog evaluation calls it."""

from collections.abc import Callable
from functools import partial

from recsys.core.history import History
from recsys.evaluation.ranking import ScoreAll
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec, folded, with_folded_items
from recsys.sequences.sequences import Sequences


def compiled(model: SASRec) -> Callable[[History], tf.Tensor]:
    """``model.score_all`` as one graph for any number of histories.

    It is traced here, once a model: traced by its first call, TensorFlow would warn that a sweep's models, which share
    the method, are one function that is traced again and again. Features of items are folded here, too.
    """
    model = with_folded_items(model)
    graph = tf.function(model.score_all).get_concrete_function(history_spec(model.config, None))
    return partial(_scores, graph, model)


def _scores(graph: Callable[[History], tf.Tensor], model: SASRec, history: History) -> tf.Tensor:
    """``graph`` of ``history``; the graph alone would not keep the model's variables."""
    return graph(history)


def scorer(model: SASRec, sequences: Sequences) -> ScoreAll:
    """Scores of the whole item table for events of ``sequences``, given by user and flat position.

    Features and relations are folded first, so that what is measured is what phones and servers have.
    """
    score_all, like = compiled(folded(model)), history_spec(model.config, None)
    return lambda users, positions: score_all(sequences.histories(users, positions, like)).numpy()
