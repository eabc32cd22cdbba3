"""What every sequence mixer takes, gives and carries."""

from typing import Any, NamedTuple, Self

from recsys.config.model import ModelConfig
from recsys.models.keras import keras, tf

State = dict[str, tf.Tensor]  # what a mixer carries from event to event, by name


class Context(NamedTuple):
    """What a mixer may know of events beside their hidden states.

    Attributes:
        segments: ``[batch, length] int32``; 0 is padding, each other number one user's events.
        positions: ``[batch, length] int32``, counted within the user's events.
        packed: whether a row may hold several users.
        ages: ``[batch, length] int32``, seconds from each event to some moment; ``()`` where times are not read.
        requests: ``[batch, length] int32``, seconds from the moment to be answered for at each event to that same
            moment: the next event's or, at the newest, the request's.
    """

    segments: tf.Tensor
    positions: tf.Tensor
    packed: bool
    ages: Any = ()
    requests: Any = ()


class Mixed(NamedTuple):
    """What a mixer gives.

    Attributes:
        output: ``[batch, queries, width]``.
        weights: ``[batch, heads, queries, keys]``, how much each event read of each other; None where a mixer has none.
        state: what a later event needs of these.
    """

    output: tf.Tensor
    weights: tf.Tensor | None
    state: State


class Mixer(keras.layers.Layer):
    """Every event reads the earlier events of its own segment, and nothing else.

    A mixer makes its own mask, knows its own cost, and goes on event by event from a state of its own.
    """

    @classmethod
    def from_config(cls, config: ModelConfig, number: int) -> Self:
        """A new mixer for the block of that number, counted from 0."""
        raise NotImplementedError

    @staticmethod
    def multiply_adds(config: ModelConfig, length: int, queries: int) -> int:
        """Multiply-adds of the dense products for ``length`` events of which the last ``queries`` are answered for."""
        raise NotImplementedError

    def call(self, x: tf.Tensor, context: Context, newest_only: bool = False) -> Mixed:
        """Mix ``x [batch, length, width]``; with ``newest_only`` the output is ``[batch, 1, width]``."""
        raise NotImplementedError

    def smaller(self, kept: float) -> "Mixer":
        """One that has the strongest ``kept`` share of this one's parts; a mixer that has no such parts stays whole."""
        return self

    def state_shapes(self, length: int) -> dict[str, tuple[int, ...]]:
        """The shape of each part of the state of one history that is padded to ``length``."""
        raise NotImplementedError

    def step(self, x: tf.Tensor, state: State, context: Context) -> Mixed:
        """Mix one more event, ``x [batch, 1, width]``.

        Args:
            state: of the events before it.
            context: of this event alone; its position is the number of events before it.

        Returns:
            With what the event adds to the state: a part of the state's own shape replaces it, one of length 1 where
            the state has ``length`` columns is written over the rightmost column of padding.
        """
        raise NotImplementedError
