"""The functions that clients call by name, each with one fixed shape."""

from collections.abc import Callable, Iterable
from typing import Any

from recsys.core.history import History
from recsys.export.graph import incremental
from recsys.models.events import history_spec, step_spec
from recsys.models.explanation import explain
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec

TOP_K = 100  # items that top_k gives
INCREMENTAL = ("start", "step", "score")

Outputs = dict[str, tf.Tensor]


class Signatures(tf.Module):
    """A model's traced functions.

    Args:
        candidates: the fixed width of ``rerank`` and ``score``.
        items: in the vocabulary; rows of the item table after them are OOV buckets, which ``top_k`` does not give.
        names: of the signatures beside ``rerank``; ``incremental`` stands for ``start``, ``step`` and ``score``.

    Attributes:
        functions: name to traced function; all take batches of one.

    Raises:
        ConfigError: the model cannot be encoded event by event.
    """

    def __init__(self, model: SASRec, candidates: int, items: int, names: Iterable[str]) -> None:
        super().__init__()
        history, event = history_spec(model.config, 1), step_spec(model.config)
        many = tf.TensorSpec([1, candidates], tf.int32, name="candidates")
        one = tf.TensorSpec([1, 1], tf.int32, name="candidates")
        count = tf.TensorSpec([1, 1], tf.int32, name="count")
        embedding = tf.TensorSpec([1, model.config.width], tf.float32, name="embedding")

        def top_k(history: History) -> Outputs:
            scores = model.score_all(history)[:, 1 : items + 1]
            best = tf.math.top_k(scores, min(TOP_K, int(scores.shape[1])))
            return {"items": best.indices + 1, "scores": best.values}

        known: dict[str, tuple[Callable[..., Outputs], list[Any]]] = {
            "rerank": (lambda *inputs: {"scores": model.score(*inputs)}, [history, many]),
            "encode": (lambda *inputs: {"embedding": model.encode(*inputs)}, [history]),
            "score_all": (lambda *inputs: {"scores": model.score_all(*inputs)}, [history]),
            "top_k": (top_k, [history]),
            "explain": (lambda *inputs: {"attribution": explain(model, *inputs)}, [history, one]),
            "start": (lambda *inputs: incremental.start(model, *inputs), [history]),
            "step": (
                lambda *inputs: incremental.step(model, *inputs),
                [event, count, incremental.state_specs(model)],
            ),
            "score": (lambda *inputs: {"scores": model.score_query(*inputs)}, [embedding, history, many]),
        }
        wanted = ["rerank"]
        for name in names:
            if name == "incremental":
                incremental.check(model.config)
            wanted += INCREMENTAL if name == "incremental" else [name]
        self.functions = {name: _traced(*known[name]) for name in wanted}
        # Saving follows attributes; it needs the variables, and must not try to save the Keras model around them.
        self.tracked = list(model.variables)


def _traced(function: Callable[..., Outputs], inputs: list[Any]) -> Any:
    """``function`` of nested ``inputs`` as a graph over flat tensors, which are what a signature takes, by name."""

    def call(*tensors: tf.Tensor) -> Outputs:
        return function(*tf.nest.pack_sequence_as(inputs, tensors))

    return tf.function(call, input_signature=tf.nest.flatten(inputs))
