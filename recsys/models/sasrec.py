"""The recommender: self-attention over a history (SASRec, Kang and McAuley, 2018) beside a transition memory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.blocks import Block
from recsys.models.dropout import dropout, fold
from recsys.models.events import EventEmbedding, history_spec, requests_of
from recsys.models.items import FeaturedItems, FeatureShape, ItemEmbedding, TrainedItems, embed
from recsys.models.keras import keras, tf
from recsys.models.memory import CountedTransitions, MemoryAttention, RelatedTransitions, TransitionMemory
from recsys.models.mixers import Context, State
from recsys.models.norm import RMSNorm
from recsys.models.positions import count_positions


class Packing(NamedTuple):
    """How rows that hold several users are to be read; each ``[rows, length] int32``.

    Attributes:
        segments: which user an event is of; 0 is padding.
        positions: counted within the user's events.
        requests: seconds, as ``Context`` has them; read where times are.
    """

    segments: tf.Tensor
    positions: tf.Tensor
    requests: Any = ()


class Hidden(NamedTuple):
    """What the blocks make of events.

    Attributes:
        states: ``[batch, length, width]``; ``[batch, 1, width]`` where only the newest event was asked for.
        weights: each block's attention weights, ``[batch, heads, queries, keys]``; None of a mixer that has none.
        carried: each block's state for the next event.
    """

    states: tf.Tensor
    weights: list[tf.Tensor | None]
    carried: list[State]


class SASRec(keras.Model):
    """Scores items by what a history, left-padded with ``PAD_ID``, leads to.

    The parts are given, so that a phone's model is this one over other tables; ``build_model`` makes new ones.
    """

    def __init__(
        self,
        config: ModelConfig,
        events: EventEmbedding,
        blocks: list[Block],
        final_norm: RMSNorm,
        memory: TransitionMemory | None,
    ) -> None:
        super().__init__(name="sasrec")
        self.config, self.events, self.blocks = config, events, blocks
        self.final_norm, self.memory = final_norm, memory

    @property
    def items(self) -> ItemEmbedding:
        return self.events.items

    @property
    def trained_items(self) -> TrainedItems:
        """The item embedding of a model that ``build_model`` made, which can be read as a whole and assigned."""
        assert isinstance(self.items, TrainedItems), "this model reads stored tables"
        return self.items

    def over(self, items: ItemEmbedding) -> "SASRec":
        """The same network, reading other vectors of its items."""
        events = self.events.over(items, self.events.positions)
        return SASRec(self.config, events, self.blocks, self.final_norm, self.memory)

    @property
    def transitions(self) -> CountedTransitions | None:
        """The memory's counts, of a model that ``build_model`` made; None without a memory."""
        if self.memory is None:
            return None
        table = self.memory.table.counted if isinstance(self.memory.table, RelatedTransitions) else self.memory.table
        assert isinstance(table, CountedTransitions), "this model reads stored tables"
        return table

    @property
    def relations(self) -> RelatedTransitions | None:
        """The memory's second source; None where it has none."""
        table = self.memory.table if self.memory is not None else None
        return table if isinstance(table, RelatedTransitions) else None

    def hidden(
        self,
        history: History,
        packing: Packing | None = None,
        seed: tf.Tensor | None = None,
        newest_only: bool = False,
    ) -> Hidden:
        """Run events through the blocks.

        Args:
            packing: where rows hold several users; without it, each holds one.
            seed: ``[2] int32``; with it, dropout is on.
            newest_only: the last block answers for the last event alone.
        """
        context = self._context(history, packing)
        x = dropout(self.events(history, context.positions), self.config.dropout, fold(seed, 0))
        weights, carried = [], []
        for number, block in enumerate(self.blocks):
            last = newest_only and number == len(self.blocks) - 1
            mixed = block(x, context, fold(seed, number + 1), last)
            x = mixed.output
            weights.append(mixed.weights)
            carried.append(mixed.state)
        return Hidden(self.final_norm(x), weights, carried)

    def step(self, event: History, count: tf.Tensor, carried: list[State]) -> Hidden:
        """Run one more event through the blocks, at the cost of one position.

        Args:
            event: its items of length 1; its times those of the columns that are carried, then its own.
            count: ``[batch, 1] int32``, the events before it; fewer than the model's length.
            carried: each block's state, as ``hidden`` gave it and earlier steps added to it.
        """
        context = Context(tf.ones_like(count), count, False, event.times, tf.zeros_like(count))
        x = self.events(event, count)
        weights, added = [], []
        for block, state in zip(self.blocks, carried, strict=True):
            mixed = block.step(x, state, context)
            x = mixed.output
            weights.append(mixed.weights)
            added.append(mixed.state)
        return Hidden(self.final_norm(x), weights, added)

    def encode(self, history: History) -> tf.Tensor:
        """The query embedding, ``[batch, width]``: the hidden state at the newest event."""
        return self.hidden(history, newest_only=True).states[:, 0]

    def score(self, history: History, candidates: tf.Tensor) -> tf.Tensor:
        """Scores of ``candidates [batch, n] int32`` after each history: ``[batch, n]``."""
        return self.score_query(self.encode(history), history, candidates)

    def score_query(self, query: tf.Tensor, history: History, candidates: tf.Tensor) -> tf.Tensor:
        """``score`` from the query embedding ``[batch, width]``; of the history only the newest items are read."""
        scores = tf.matmul(self.items.lookup(candidates), query[:, :, None])[:, :, 0]
        if self.memory is None:
            return scores
        ids, weights = self.newest(self.memory.attention, query, history)
        return scores + self.memory.attention.logits(query, self.memory.support(weights, ids, candidates))

    def score_all(self, history: History) -> tf.Tensor:
        """Scores of every row of the item table, padding's included: ``[batch, rows]``."""
        attention, *memory = self.score_parts(history)
        return sum(memory, attention)

    def score_parts(self, history: History) -> list[tf.Tensor]:
        """What attention and, where there is one, the memory add to ``score_all``; each ``[batch, rows]``."""
        return self.parts_of_query(self.encode(history), history)

    def parts_of_query(self, query: tf.Tensor, history: History) -> list[tf.Tensor]:
        """``score_parts`` from query embeddings ``[batch, width]`` and the events before each, ``[batch, n]``."""
        scores = tf.matmul(query, self.items.table(history.items), transpose_b=True)
        if self.memory is None:
            return [scores]
        ids, weights = self.newest(self.memory.attention, query, history)
        return [scores, self.memory.attention.logits(query, self.memory.support_all(weights, ids))]

    def _context(self, history: History, packing: Packing | None) -> Context:
        if packing is not None:
            return Context(packing.segments, packing.positions, True, history.times, packing.requests)
        real = tf.not_equal(history.items, PAD_ID)
        requests = requests_of(history.times) if self.config.request_time else ()
        positions = count_positions(real, self.config.positions)
        return Context(tf.cast(real, tf.int32), positions, False, history.times, requests)

    def newest(self, attention: MemoryAttention, query: tf.Tensor, history: History) -> tuple[tf.Tensor, tf.Tensor]:
        """The newest items, ``[batch, newest] int32``, and how much a memory's attention listens to each."""
        newest = history.map(lambda channel: channel[:, -attention.config.newest :])
        return newest.items, attention.newest_weights(query, embed(self.items, newest.items), newest)


def build_model(
    config: ModelConfig,
    rows: int,
    features: Sequence[FeatureShape] = (),
    *,
    related: int = 0,
    depth: int | None = None,
) -> SASRec:
    """A recommender with all its variables made (and the memory, if any, still empty).

    Args:
        rows: of the item table: padding, items, out-of-vocabulary buckets.
        features: of the items, which nothing is known of yet.
        related: relations of an item, at most; 0 makes no table of them.
        depth: transitions of an item, at most; None is as the config says.
    """
    items = FeaturedItems(rows, config.width, features) if features else TrainedItems(rows, config.width)
    events = EventEmbedding.from_config(config, items)
    blocks = [Block(config, number) for number in range(config.blocks)]
    memory = None
    if config.memory:
        attention = MemoryAttention(config)
        counted = CountedTransitions(rows, depth or config.memory.neighbours, config.memory.normalization)
        memory = TransitionMemory(attention, RelatedTransitions(counted, related) if related else counted, rows)
    model = SASRec(config, events, blocks, RMSNorm(name="final_norm"), memory)
    # One candidate calls every layer; the whole catalog's features would be computed, and take the most memory of all.
    empty = history_spec(config, 1).map(lambda spec: tf.zeros(spec.shape, spec.dtype))
    model.score(empty, tf.zeros([1, 1], tf.int32))
    model.built = True
    return model


def folded(model: SASRec) -> SASRec:
    """The model as phones and servers have it, which reads no features and no relations any more.

    It scores alike, but for relations and transitions beyond the memory's ``neighbours`` of an item.
    """
    plain = with_folded_items(model)
    if plain.memory is None or plain.relations is None:
        return plain
    memory = TransitionMemory(plain.memory.attention, plain.relations.folded(), plain.memory.rows)
    return SASRec(plain.config, plain.events, plain.blocks, plain.final_norm, memory)


def with_folded_items(model: SASRec) -> SASRec:
    """The model with its items' features folded into one table of vectors."""
    if not isinstance(model.items, FeaturedItems):
        return model
    items = TrainedItems(model.items.rows, model.items.width, drawn=False)
    items.assign(model.items.vectors())
    return model.over(items)
