"""The recommender: self-attention over a history (SASRec, Kang and McAuley, 2018) beside a transition memory."""

from recsys.config.model import ModelConfig
from recsys.models.attention import causal_mask
from recsys.models.blocks import Block
from recsys.models.dropout import dropout, fold
from recsys.models.keras import keras, tf, tfrs
from recsys.models.losses import NextItemTask
from recsys.models.memory import TransitionMemory
from recsys.models.norm import RMSNorm
from recsys.models.positions import LearnedPositions, count_positions
from recsys.models.targets import TargetScorer
from recsys.schema import PAD_ID


class SASRec(tfrs.models.Model):
    """Scores items by what a history, left-padded with ``PAD_ID``, leads to.

    Args:
        table_size: rows of the item table: padding, items, out-of-vocabulary buckets.
    """

    def __init__(self, config: ModelConfig, table_size: int) -> None:
        super().__init__(name="sasrec")
        self.config, self.table_size = config, table_size
        self.learned_positions = (
            LearnedPositions(config.max_length, config.width) if config.positions in ("newest", "oldest") else None
        )
        self.blocks = [Block(config, name=f"block_{number}") for number in range(config.blocks)]
        self.final_norm = RMSNorm(name="final_norm")
        self.memory = TransitionMemory(config.memory, config.width, table_size) if config.memory else None
        self.task: NextItemTask | None = None

    def build(self, _: tf.TensorShape) -> None:
        self.item_table = self.add_weight(
            "item_table",
            [self.table_size, self.config.width],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        """Rows of the item table, ``[…] int32`` to ``[…, width]``; export reads compressed tables instead."""
        return tf.gather(self.item_table, ids)

    def embed(self, ids: tf.Tensor) -> tf.Tensor:
        """Item embeddings, zero for padding: ``[…] int32`` to ``[…, width]``."""
        real = tf.cast(tf.not_equal(ids, PAD_ID), tf.float32)
        return self.lookup(ids) * (real * self.config.width**0.5)[..., None]

    def mask(self, segments: tf.Tensor) -> tf.Tensor:
        """What each event must not see, ``[batch, length] int32`` to an additive mask over the attention weights."""
        return causal_mask(segments)

    def stream(
        self,
        ids: tf.Tensor,
        segments: tf.Tensor | None = None,
        positions: tf.Tensor | None = None,
        seed: tf.Tensor | None = None,
        newest_only: bool = False,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Hidden states and each block's attention weights.

        Args:
            ids: ``[batch, length] int32``.
            segments: ``[batch, length] int32``, which user an event is of when rows hold several; 0 is padding.
            positions: ``[batch, length] int32``, counted within the user's events.
            seed: ``[2] int32``; with it, dropout is on.
            newest_only: the last block answers for the last event alone.

        Returns:
            ``([batch, length or 1, width], [[batch, heads, queries, keys], …])``.
        """
        real = tf.not_equal(ids, PAD_ID)
        if segments is None:
            segments = tf.cast(real, tf.int32)
        if positions is None:
            positions = count_positions(real, self.config.positions)
        x = self.embed(ids)
        if self.learned_positions is not None:
            x += self.learned_positions(positions) * tf.cast(real, tf.float32)[..., None]
        x = dropout(x, self.config.dropout, fold(seed, 0))
        mask = self.mask(segments)
        weights = []
        for number, block in enumerate(self.blocks):
            last = newest_only and number == len(self.blocks) - 1
            x, attention = block(x, mask, positions, fold(seed, number + 1), last)
            weights.append(attention)
        return self.final_norm(x), weights

    def hidden(self, history: tf.Tensor) -> tf.Tensor:
        """Hidden state at every position, ``[batch, length] int32`` to ``[batch, length, width]``."""
        return self.stream(history)[0]

    def encode(self, history: tf.Tensor) -> tf.Tensor:
        """The query embedding, ``[batch, width]``: the hidden state at the newest event."""
        return self.stream(history, newest_only=True)[0][:, 0]

    def attention(self, history: tf.Tensor) -> list[tf.Tensor]:
        """Each block's attention weights, ``[batch, heads, length, length]``."""
        return self.stream(history)[1]

    def score(self, history: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Scores of ``candidates [batch, n] int32`` after ``history [batch, length] int32``: ``[batch, n]``."""
        return self.score_query(self.encode(history), history, candidates)

    def score_query(self, query: tf.Tensor, history: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """``score`` from the query embedding ``[batch, width]``; of the history only the newest items are read."""
        scores = tf.matmul(self.lookup(candidates), query[:, :, None])[:, :, 0]
        if self.memory is None:
            return scores
        ids, weights = self._read(self.memory, query, history)
        return scores + self.memory.logits(query, self.memory.support(weights, ids, candidates))

    def score_all(self, history: tf.Tensor) -> tf.Tensor:
        """Scores of every row of the item table, padding's included: ``[batch, table_size]``."""
        return tf.add_n(self.score_parts(history))

    def score_parts(self, history: tf.Tensor) -> list[tf.Tensor]:
        """What attention and, where there is one, the memory add to ``score_all``; each ``[batch, table_size]``."""
        query = self.encode(history)
        scores = tf.matmul(query, self.item_table, transpose_b=True)
        if self.memory is None:
            return [scores]
        ids, weights = self._read(self.memory, query, history)
        return [scores, self.memory.logits(query, self.memory.support_all(weights, ids))]

    def call(self, history: tf.Tensor) -> tf.Tensor:
        return self.score_all(history)

    def compute_loss(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """What TFRS' ``train_step`` descends: ``task`` over a packed batch.

        Args:
            inputs: a ``recsys.training.batches.Batch`` with ``seed [2] int32``, for dropout.
        """
        assert self.task is not None, "set model.task before training"
        seed = inputs["seed"] if training else None
        stream, _ = self.stream(inputs["ids"], inputs["segments"], inputs["positions"], seed)
        return self.task(TargetScorer(self, inputs, stream))

    def _read(self, memory: TransitionMemory, query: tf.Tensor, history: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        ids = history[:, -memory.config.newest :]
        return ids, memory.newest_weights(query, self.embed(ids), ids)


def build_model(config: ModelConfig, table_size: int) -> SASRec:
    """A recommender with all its variables made (and the memory, if any, still empty)."""
    model = SASRec(config, table_size)
    history = tf.zeros([1, config.max_length], tf.int32)
    model(history)
    return model
