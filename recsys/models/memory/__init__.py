"""The transition memory: a banded attention head whose values are rows of a table of observed transitions.

Each position asks, over the newest items of its history, how much each one's row counts; a candidate's logit grows
with what those rows say of it. The rows are counted or given as relations, not learned; what is learned is whom to
listen to, how far, and when, and how far relations are trusted. Built here because a window-weighted Markov chain and
attention err on different users.
"""

from recsys.models.memory.attention import MemoryAttention
from recsys.models.memory.band import CHUNK, Band, frame
from recsys.models.memory.memory import TransitionMemory
from recsys.models.memory.related import RelatedTransitions, related_depth
from recsys.models.memory.table import CountedTransitions, TransitionTable

__all__ = [
    "CHUNK",
    "Band",
    "CountedTransitions",
    "MemoryAttention",
    "RelatedTransitions",
    "TransitionMemory",
    "TransitionTable",
    "frame",
    "related_depth",
]
