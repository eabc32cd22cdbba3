"""A block: a sequence mixer and a feed-forward, each joined to the stream it reads from."""

from recsys.config.model import ModelConfig
from recsys.models.attention import MultiHeadAttention
from recsys.models.dropout import dropout, fold
from recsys.models.feed_forward import FeedForward, SwiGLU
from recsys.models.keras import keras, tf
from recsys.models.norm import RMSNorm


class Residual(keras.layers.Layer):
    """``x + dropout(y)``."""

    def __init__(self, rate: float, name: str) -> None:
        super().__init__(name=name)
        self.rate = rate

    def call(self, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        return x + dropout(y, self.rate, seed)


class GatedResidual(Residual):
    """LiGR's learned join (Borisyuk et al., 2024): ``x + dropout(sigmoid(W x) · y)``."""

    def build(self, shape: tf.TensorShape) -> None:
        self.gate = keras.layers.Dense(shape[-1], activation="sigmoid", name="gate")

    def call(self, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        return super().call(x, self.gate(x) * y, seed)


class Block(keras.layers.Layer):
    """Pre-norm mixer and feed-forward. Any mixer with the call of ``MultiHeadAttention`` fits."""

    def __init__(self, config: ModelConfig, name: str) -> None:
        super().__init__(name=name)
        hidden = config.feed_forward * config.width
        rotary = config.max_length if config.positions == "rotary" else 0
        join = GatedResidual if config.join == "ligr" else Residual
        self.mixer_norm, self.feed_norm = RMSNorm(name="mixer_norm"), RMSNorm(name="feed_norm")
        self.mixer = MultiHeadAttention(config.width, config.heads, rotary, name="mixer")
        self.feed_forward = (SwiGLU if config.join == "ligr" else FeedForward)(config.width, hidden)
        self.mixer_join = join(config.dropout, name="mixer_join")
        self.feed_join = join(config.dropout, name="feed_join")

    def call(
        self,
        x: tf.Tensor,
        mask: tf.Tensor,
        positions: tf.Tensor | None = None,
        seed: tf.Tensor | None = None,
        newest_only: bool = False,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """``x [batch, length, width]`` to the same (``[batch, 1, width]`` with ``newest_only``) and the weights."""
        attended = self.mixer(self.mixer_norm(x), mask, positions, newest_only)
        stream = x[:, -1:] if newest_only else x
        x = self.mixer_join(stream, attended.output, fold(seed, 1))
        return self.feed_join(x, self.feed_forward(self.feed_norm(x)), fold(seed, 2)), attended.weights
