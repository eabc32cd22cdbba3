"""What one ranking costs, counted on paper."""

from recsys.config.model import ModelConfig
from recsys.models.mixers import MIXER


def multiply_adds(config: ModelConfig) -> int:
    """Multiply-adds of the dense products that turn one full history into a query embedding.

    The last block answers for the newest event alone; the memory and the candidates come on top.
    """
    gates = 2 if config.join == "ligr" else 0
    feed = (3 if config.join == "ligr" else 2) * config.feed_forward
    total = 0
    for block in range(config.blocks):
        queries = 1 if block == config.blocks - 1 else config.max_length
        total += MIXER.multiply_adds(config, config.max_length, queries)
        total += queries * (gates + feed) * config.width**2
    return total
