"""A block: a sequence mixer and a feed-forward, each joined to the stream it reads from."""

from recsys.config.model import ModelConfig
from recsys.models.dropout import dropout, fold
from recsys.models.feed_forward import FeedForward, SwiGLU
from recsys.models.keras import keras, tf
from recsys.models.mixers import MIXER, Context, Mixed, State
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
    """Pre-norm mixer and feed-forward. Outputs are ``Mixed``, whose output is the stream after the block."""

    def __init__(self, config: ModelConfig, number: int) -> None:
        super().__init__(name=f"block_{number}")
        hidden = config.feed_forward * config.width
        join = GatedResidual if config.join == "ligr" else Residual
        self.mixer_norm, self.feed_norm = RMSNorm(name="mixer_norm"), RMSNorm(name="feed_norm")
        self.mixer = MIXER.from_config(config, number)
        self.feed_forward = (SwiGLU if config.join == "ligr" else FeedForward)(config.width, hidden)
        self.mixer_join = join(config.dropout, name="mixer_join")
        self.feed_join = join(config.dropout, name="feed_join")

    def call(self, x: tf.Tensor, context: Context, seed: tf.Tensor | None = None, newest_only: bool = False) -> Mixed:
        """``x [batch, length, width]`` to the same, or to ``[batch, 1, width]`` with ``newest_only``."""
        mixed = self.mixer(self.mixer_norm(x), context, newest_only)
        return self._joined(x[:, -1:] if newest_only else x, mixed, seed)

    def step(self, x: tf.Tensor, state: State, context: Context) -> Mixed:
        """One more event, ``x [batch, 1, width]``; arguments and state as ``Mixer.step`` has them."""
        return self._joined(x, self.mixer.step(self.mixer_norm(x), state, context), None)

    def prune(self, kept: float) -> None:
        """Keep the strongest ``kept`` share of the mixer's parts and of the feed-forward's hidden units."""
        self.mixer, self.feed_forward = self.mixer.smaller(kept), self.feed_forward.smaller(kept)

    def _joined(self, x: tf.Tensor, mixed: Mixed, seed: tf.Tensor | None) -> Mixed:
        x = self.mixer_join(x, mixed.output, fold(seed, 1))
        return mixed._replace(output=self.feed_join(x, self.feed_forward(self.feed_norm(x)), fold(seed, 2)))
