"""What training is held against: SASRec as TensorFlow's own layers make it, every user padded to the full length.

The framework's MultiHeadAttention and LayerNormalization, Adam, and the same loss against the same shared negatives.
"""

import numpy as np

from recsys.models.keras import keras, tf


def normal(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02, seed=seed)


class PaddedSASRec(keras.Model):
    """Pre-norm blocks over ``[batch, length]`` right-aligned histories.

    Args:
        dropout: after embeddings, attention and feed-forward.
    """

    def __init__(self, items: int, length: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__()
        self.items = keras.layers.Embedding(items + 1, width, embeddings_initializer=normal(1))
        self.positions = keras.layers.Embedding(length, width, embeddings_initializer=normal(2))
        self.length, self.width = length, width
        layers = keras.layers
        self.blocks = [
            {
                "norm": layers.LayerNormalization(epsilon=1e-8),
                "attention": layers.MultiHeadAttention(1, width, dropout=dropout),
                "feed_norm": layers.LayerNormalization(epsilon=1e-8),
                "inner": layers.Dense(width, activation="relu"),
                "outer": layers.Dense(width),
                "dropout": layers.Dropout(dropout),
            }
            for _ in range(blocks)
        ]
        self.dropout = layers.Dropout(dropout)
        self.final_norm = layers.LayerNormalization(epsilon=1e-8)

    def call(self, history: tf.Tensor, training: bool = False) -> tf.Tensor:
        real = tf.cast(history > 0, tf.float32)[:, :, None]
        x = self.items(history) * self.width**0.5 + self.positions(tf.range(self.length))
        x = self.dropout(x, training=training) * real
        mask = (history > 0)[:, None, :]
        for block in self.blocks:
            y = block["norm"](x)
            x += block["attention"](y, y, attention_mask=mask, use_causal_mask=True, training=training)
            y = block["dropout"](block["outer"](block["inner"](block["feed_norm"](x))), training=training)
            x = (x + y) * real
        return self.final_norm(x)


def padded_batches(
    sequences: list[np.ndarray], length: int, batch_size: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """One epoch of ``(history [batch, length], targets [batch, length])``, left-padded."""
    order = rng.permutation(len(sequences))
    batches = []
    for first in range(0, len(order), batch_size):
        users = order[first : first + batch_size]
        history = np.zeros((len(users), length), np.int32)
        targets = np.zeros((len(users), length), np.int32)
        for row, user in enumerate(users):
            newest = sequences[user][-length - 1 :]
            history[row, length - len(newest) + 1 :] = newest[:-1]
            targets[row, length - len(newest) + 1 :] = newest[1:]
        batches.append((history, targets))
    return batches


def loss_of(hidden: tf.Tensor, table: tf.Tensor, targets: tf.Tensor, negatives: tf.Tensor, kind: str) -> tf.Tensor:
    """Binary cross-entropy or sampled softmax against shared ``negatives [n]``, mean over real targets."""
    real = tf.cast(targets > 0, tf.float32)
    positive = tf.reduce_sum(hidden * tf.gather(table, targets), -1)
    logits = tf.matmul(hidden, tf.gather(table, negatives), transpose_b=True)
    logits = tf.where(tf.equal(negatives, targets[:, :, None]), -1e9, logits)
    if kind == "bce":
        losses = tf.nn.softplus(-positive) + tf.reduce_mean(tf.nn.softplus(logits), -1)
    else:
        losses = tf.nn.softplus(tf.reduce_logsumexp(logits, -1) - positive)
    return tf.reduce_sum(losses * real) / tf.reduce_sum(real)
