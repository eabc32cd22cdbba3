"""The functions that clients call by name, each with one fixed shape."""

from collections.abc import Callable, Iterable

from recsys.export import incremental
from recsys.export.phone import PhoneModel
from recsys.models.keras import tf

TOP_K = 100  # items that top_k gives
INCREMENTAL = ("start", "step", "score")

Outputs = dict[str, tf.Tensor]


class Signatures(tf.Module):
    """A phone model's traced functions.

    Args:
        candidates: the fixed width of ``rerank`` and ``score``.
        items: in the vocabulary; rows of the item table after them are OOV buckets, which ``top_k`` does not give.
        names: of the signatures beside ``rerank``; ``incremental`` stands for ``start``, ``step`` and ``score``.

    Attributes:
        functions: name to traced function; all take batches of one.

    Raises:
        ConfigError: the model cannot be encoded event by event.
    """

    def __init__(self, model: PhoneModel, candidates: int, items: int, names: Iterable[str]) -> None:
        super().__init__()
        config = model.config
        history = tf.TensorSpec([1, config.max_length], tf.int32, name="history")
        many = tf.TensorSpec([1, candidates], tf.int32, name="candidates")
        one = tf.TensorSpec([1, 1], tf.int32, name="candidates")
        item = tf.TensorSpec([1, 1], tf.int32, name="item")
        count = tf.TensorSpec([1, 1], tf.int32, name="count")
        mixer = model.blocks[0].mixer
        carried = [1, mixer.heads, config.max_length, mixer.head_width]
        keys, values = (
            [tf.TensorSpec(carried, tf.float32, name=f"{name}_{block}") for block in range(config.blocks)]
            for name in ("keys", "values")
        )
        embedding = tf.TensorSpec([1, config.width], tf.float32, name="embedding")

        def rerank(history: tf.Tensor, candidates: tf.Tensor) -> Outputs:
            return {"scores": model.score(history, candidates)}

        def encode(history: tf.Tensor) -> Outputs:
            return {"embedding": model.encode(history)}

        def score_all(history: tf.Tensor) -> Outputs:
            return {"scores": model.score_all(history)}

        def top_k(history: tf.Tensor) -> Outputs:
            scores = model.score_all(history)[:, 1 : items + 1]
            best = tf.math.top_k(scores, min(TOP_K, int(scores.shape[1])))
            return {"items": best.indices + 1, "scores": best.values}

        def explain(history: tf.Tensor, candidates: tf.Tensor) -> Outputs:
            return {"attribution": model.explain(history, candidates)}

        def start(history: tf.Tensor) -> Outputs:
            return incremental.start(model, history)._asdict()

        def step(item: tf.Tensor, count: tf.Tensor, *carried: tf.Tensor) -> Outputs:
            keys, values = list(carried[: config.blocks]), list(carried[config.blocks :])
            return incremental.step(model, item, count, keys, values)._asdict()

        def score(embedding: tf.Tensor, history: tf.Tensor, candidates: tf.Tensor) -> Outputs:
            return {"scores": model.score_query(embedding, history, candidates)}

        known: dict[str, tuple[Callable[..., Outputs], list[tf.TensorSpec]]] = {
            "rerank": (rerank, [history, many]),
            "encode": (encode, [history]),
            "score_all": (score_all, [history]),
            "top_k": (top_k, [history]),
            "explain": (explain, [history, one]),
            "start": (start, [history]),
            "step": (step, [item, count, *keys, *values]),
            "score": (score, [embedding, history, many]),
        }
        wanted = ["rerank"]
        for name in names:
            if name == "incremental":
                incremental.check(config)
            wanted += INCREMENTAL if name == "incremental" else [name]
        self.functions = {name: tf.function(*known[name]) for name in wanted}
        # Saving follows attributes; it needs the variables, and must not try to save the Keras model around them.
        self.tracked = list(model.variables)
