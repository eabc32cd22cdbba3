"""A model as full-catalogue evaluation calls it."""

from recsys.data.dataset import Dataset
from recsys.evaluation.ranking import ScoreAll
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec


def scorer(model: SASRec, dataset: Dataset) -> ScoreAll:
    """Scores of the whole item table for targets of ``dataset``, given by user and flat position."""
    length = model.config.max_length
    compiled = tf.function(model.score_all, input_signature=[tf.TensorSpec([None, length], tf.int32)])
    sequences = dataset.sequences
    return lambda users, positions: compiled(sequences.histories(users, positions, length)).numpy()
