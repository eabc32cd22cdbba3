"""A model as full-catalogue evaluation calls it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recsys.data.dataset import Dataset
from recsys.evaluation.ranking import ScoreAll
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec


def compiled(model: SASRec) -> Callable[[npt.NDArray[np.int32]], tf.Tensor]:
    """``model.score_all`` as one graph for any number of histories, ``[n, length] int32``."""
    function: Callable[[npt.NDArray[np.int32]], tf.Tensor] = tf.function(
        model.score_all, input_signature=[tf.TensorSpec([None, model.config.max_length], tf.int32)]
    )
    return function


def scorer(model: SASRec, dataset: Dataset) -> ScoreAll:
    """Scores of the whole item table for targets of ``dataset``, given by user and flat position."""
    score_all, length, sequences = compiled(model), model.config.max_length, dataset.sequences
    return lambda users, positions: score_all(sequences.histories(users, positions, length)).numpy()
