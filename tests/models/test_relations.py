"""Relations beside transitions: what a row of both says, one table that says the same, and what training reads."""

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.models.keras import keras, tf
from recsys.models.memory import CountedTransitions, RelatedTransitions
from recsys.models.memory.related import _fitting
from recsys.models.sasrec import SASRec, build_model, folded
from recsys.sequences.relations import RelatedShares, Relations, related_shares
from tests.models.test_losses import scorer_of, slots

ROWS = 6


def both(trust: float, normalization: float = 1.0, depth: int = 3) -> RelatedTransitions:
    """1 led to 2 three times and to 3 once; it is related to 3 and 5, and 4, which nobody has touched, to 2."""
    counted = CountedTransitions(ROWS, depth, normalization)
    neighbours, counts = np.zeros((ROWS, depth), np.int32), np.zeros((ROWS, depth), np.float32)
    neighbours[1, :2], counts[1, :2] = [2, 3], [3, 1]
    divisors = np.full(ROWS, 1e-6, np.float32)
    divisors[1] = 4.0**normalization
    counted.assign_rows(neighbours, counts, divisors)
    made = RelatedTransitions(counted, 2)
    relations = Relations(np.array([1, 1, 4]), np.array([3, 5, 2]), np.array([1.0, 3.0, 9.0]))
    made.assign(related_shares(relations, ROWS, 8))
    made.log_trust.assign(np.log(trust))
    return made


def said(table: CountedTransitions | RelatedTransitions, item: int) -> dict[int, float]:
    """What a table's row says of each neighbour."""
    ids, shares = (one.numpy()[0, 0] for one in table.read(tf.constant([[item]])))
    found: dict[int, float] = {}
    for neighbour, share in zip(ids.tolist(), shares.tolist(), strict=True):
        if share:
            found[neighbour] = found.get(neighbour, 0.0) + share
    return found


@pytest.mark.parametrize("fold", [False, True])
def test_a_row_is_what_was_counted_and_the_trusted_part_of_what_is_known(fold: bool) -> None:
    table = both(trust=0.2)
    read = table.folded() if fold else table
    # 3/4 and 1/4 were counted; a quarter and three quarters of the relations lead to 3 and 5.
    assert said(read, 1) == pytest.approx({2: 0.75, 3: 0.25 + 0.2 * 0.25, 5: 0.2 * 0.75})
    assert said(read, 4) == pytest.approx({2: 0.2})
    assert said(read, 3) == {}


def test_a_folded_row_keeps_the_heaviest_and_what_has_nothing_else() -> None:
    """Two places an item: of 2, 3 and 5 with .75, .3 and .15 the second goes, for nothing counted leads to 5."""
    table = both(0.2, depth=2).folded()
    assert (table.depth, table.is_related) == (2, True)
    assert said(table, 1) == pytest.approx({2: 0.75, 5: 0.15})


def test_a_quarter_of_a_rows_places_is_kept_for_what_has_nothing_else() -> None:
    """Eight places of row 3: two of the three lightest stay, the heavier ones; of the others the heaviest six."""
    weights = np.array([5, 9, 9, 9, 9, 9, 9, 9, 0.3, 0.1, 0.2])
    row = np.repeat([3, 5], [11, 1])
    kept = _fitting(row, np.append(weights, 1.0), np.append(weights < 1, False), 8)
    expected = [False, *[True] * 6, False, True, False, True]
    assert kept.tolist() == [*expected, True]


def test_shares_are_of_all_relations_and_the_strongest_are_kept() -> None:
    found = related_shares(Relations(np.array([1, 1, 1]), np.array([2, 3, 4]), np.array([1.0, 5.0, 4.0])), 5, most=2)
    assert found.neighbours.tolist()[1] == [3, 4]
    np.testing.assert_allclose(found.shares[1], [0.5, 0.4])


def test_weights_whose_sum_is_no_number_are_shares_all_the_same() -> None:
    weights = np.array([1e308, 1e308, 5e307])
    found = related_shares(Relations(np.array([1, 1, 1]), np.array([2, 3, 4]), weights), 5, most=8)
    np.testing.assert_allclose(found.shares[1], [0.4, 0.4, 0.2])


@pytest.fixture(scope="module")
def model() -> SASRec:
    keras.utils.set_random_seed(5)
    memory = MemoryConfig(neighbours=3, newest=2, normalization=0.5)
    made = build_model(ModelConfig(max_length=3, width=4, blocks=1, memory=memory), ROWS, related=2)
    assert isinstance(made.relations, RelatedTransitions)
    known = both(0.3, 0.5)
    for variable, value in zip(made.relations.variables, known.variables, strict=True):
        variable.assign(value)
    return made


def test_the_folded_model_scores_alike(model: SASRec) -> None:
    plain = folded(model)
    assert plain.relations is None
    history = History(tf.constant([[0, 4, 1], [2, 3, 4]], tf.int32))
    np.testing.assert_allclose(plain.score_all(history), model.score_all(history), atol=1e-5)
    names = {variable.name for variable in plain.variables}
    assert not [name for name in names if "related" in name]
    assert folded(plain) is plain


def test_training_reads_relations_as_scoring_does(make_case) -> None:
    """With nothing counted, so that no event of the user's own is to be left out."""
    case = make_case(memory=True, relations=True)
    empty = np.zeros((10, 9))
    case.model.transitions.assign_rows(empty.astype(np.int32), empty.astype(np.float32), np.ones(10, np.float32))
    case.batch["target_counts"] = tf.zeros_like(case.batch["target_counts"])
    scorer = scorer_of(case)
    against, positives = scorer.against(tf.range(1, 10)), scorer.positives()
    moved = 0
    for slot, train, length in slots(case):
        if length < len(train) - 1:  # positions count from the newest, so only the last prefix stands alike
            continue
        history = np.zeros((1, 25), np.int32)
        history[0, 25 - length :] = train[:length]
        expected = case.model.score_all(History(history)).numpy()[0]
        attention, _ = case.model.score_parts(History(history))
        np.testing.assert_allclose(against[-1][slot], expected[1:], atol=1e-5)
        assert float(positives[-1][slot]) == pytest.approx(expected[train[length]], abs=1e-5)
        moved += int(np.abs(expected - attention.numpy()[0]).max() > 1e-3)
    assert moved, "no history has anything related"


def test_no_relations_is_no_table() -> None:
    config = ModelConfig(max_length=3, width=4, blocks=1, memory=MemoryConfig(neighbours=2, newest=2))
    names = [variable.name for variable in build_model(config, ROWS).variables]
    assert not [name for name in names if "related" in name]
    assert isinstance(related_shares(Relations(*(np.zeros(0, np.int32),) * 2, np.zeros(0)), ROWS, 4), RelatedShares)
