"""Sequence mixers: how an event reads the events before it. Each is a file here and a choice in ``mixer_of``."""

from recsys.config.model import ModelConfig
from recsys.models.mixers.attention import MultiHeadAttention
from recsys.models.mixers.mixer import Context, Mixed, Mixer, State

__all__ = ["Context", "Mixed", "Mixer", "State", "mixer_of"]


def mixer_of(config: ModelConfig) -> type[Mixer]:
    """The kind of mixer that the blocks of ``config`` have."""
    return MultiHeadAttention
