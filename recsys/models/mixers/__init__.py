"""Sequence mixers: how an event reads the events before it. Softmax attention is the only one.

A second one is a file here, and adds the key ``model.mixer``, by which a choice is made where ``MIXER`` is read.
"""

from recsys.models.mixers.attention import MultiHeadAttention
from recsys.models.mixers.mixer import Context, Mixed, Mixer, State

__all__ = ["MIXER", "Context", "Mixed", "Mixer", "State"]

MIXER: type[Mixer] = MultiHeadAttention
"""The kind of mixer that every block has."""
