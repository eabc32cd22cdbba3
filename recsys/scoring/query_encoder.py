"""What a model asks of a catalog after each history: the half of a score that needs TensorFlow."""

from recsys.core.history import History
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec
from recsys.scoring.queries import Queries


class QueryEncoder:
    """Histories of any length to ``Queries``, by one graph; the memory's transitions are not kept.

    Args:
        model: its items' features folded.

    Attributes:
        shortest, longest: events that histories are padded to at least, and cut to.
    """

    def __init__(self, model: SASRec) -> None:
        config = model.config
        self.shortest, self.longest = config.memory.newest if config.memory else 1, config.max_length
        self._model = SASRec(config, model.events, model.blocks, model.final_norm, None)
        self._attention = None if model.memory is None else model.memory.attention
        any_length = self.spec(self.longest).map(lambda spec: tf.TensorSpec([None, None], spec.dtype))
        self._graph = tf.function(self._encode).get_concrete_function(any_length)

    def spec(self, length: int) -> History:
        """The types of histories of ``length`` events."""
        return history_spec(self._model.config, None, length)

    def __call__(self, history: History) -> Queries:
        return Queries(*(part.numpy() for part in self._graph(history)))

    def _encode(self, history: History) -> list[tf.Tensor]:
        query = self._model.encode(history)
        if self._attention is None:
            empty = query[:, :0]
            return [query, tf.cast(empty, tf.int32), empty, empty]
        ids, attention = self._model.newest(self._attention, query, history)
        return [query, ids, attention, self._attention.weight(query)]
