"""What a phone pays for features and for relations: nothing, for both are folded into tables that it has anyway."""

from collections import Counter

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant
from recsys.features.encoded import EncodedFeature
from recsys.models.items import FeaturedItems, shapes_of
from recsys.models.sasrec import SASRec, build_model, folded
from recsys.sequences.relations import RelatedShares

pytestmark = pytest.mark.long
ROWS, NEIGHBOURS = 2001, 8


def distinct(random: np.random.Generator) -> np.ndarray:
    """Neighbours of each item, none of them twice."""
    return np.argsort(random.random((ROWS, ROWS - 1)), axis=1)[:, :NEIGHBOURS].astype(np.int32) + 1


def model_of(described: bool) -> SASRec:
    """Items that lead to as many others as the memory keeps; ``described``: with features, and related to as many."""
    random = np.random.default_rng(3)
    config = ModelConfig(max_length=6, width=16, blocks=1, memory=MemoryConfig(neighbours=NEIGHBOURS, newest=3))
    kinds = EncodedFeature("kind", 5, random.integers(0, 6, (ROWS, 2)).astype(np.int32))
    features = [kinds, EncodedFeature("image", 0, random.normal(size=(ROWS, 32)).astype(np.float32))]
    shapes = shapes_of(features) if described else []
    model = build_model(config, ROWS, shapes, related=NEIGHBOURS if described else 0)
    counts = -np.sort(-random.random((ROWS, NEIGHBOURS)), 1).astype(np.float32)
    assert model.transitions is not None
    model.transitions.assign_rows(distinct(random), counts, counts.sum(1))
    if described:
        assert isinstance(model.items, FeaturedItems)
        assert model.relations is not None
        model.items.describe(features, np.arange(ROWS) > 0)
        shares = np.full((ROWS, NEIGHBOURS), 1 / NEIGHBOURS, np.float32)
        model.relations.assign(RelatedShares(distinct(random), shares))
    return folded(model)


def test_a_phone_pays_nothing_for_features_and_relations() -> None:
    """The same bytes within 1 %, and the same work, but that the steps of relations are looked up."""
    backend, variant = TFLite(), Variant.parse("int8", None)
    plain, whole = (backend.convert(model_of(described), variant, 10, ()) for described in (False, True))
    assert len(whole) == pytest.approx(len(plain), rel=0.01)
    inspected = [backend.inspect(content) for content in (plain, whole)]
    assert inspected[1].multiply_adds == inspected[0].multiply_adds
    more = Counter(inspected[1].operators) - Counter(inspected[0].operators)
    assert more == {"GATHER": 1, "CAST": 1}
