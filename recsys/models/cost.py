"""What one ranking costs, counted on paper."""

from recsys.config.model import ModelConfig


def multiply_adds(config: ModelConfig) -> int:
    """Multiply-adds of the dense products that turn one full history into a query embedding.

    The last block answers for the newest event alone; the memory and the candidates come on top.
    """
    length, width = config.max_length, config.width
    gates = 2 if config.join == "ligr" else 0
    feed = (3 if config.join == "ligr" else 2) * config.feed_forward
    total = 0
    for block in range(config.blocks):
        queries = 1 if block == config.blocks - 1 else length
        project = length * 3 * width * width  # queries, keys and values
        attend = 2 * queries * length * width  # scores, and what they weigh
        mix = queries * (1 + gates + feed) * width * width  # output, gates, feed-forward
        total += project + attend + mix
    return total
