"""The item embedding: an item's own vector and, where the config names some, what its features say."""

from recsys.models.items.embedding import ItemEmbedding, TrainedItems, embed
from recsys.models.items.featured import FeaturedItems, trained_rows
from recsys.models.items.features import FeatureShape, shapes_in, shapes_of

__all__ = [
    "FeatureShape",
    "FeaturedItems",
    "ItemEmbedding",
    "TrainedItems",
    "embed",
    "shapes_in",
    "shapes_of",
    "trained_rows",
]
