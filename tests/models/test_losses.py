"""Losses and their logits over a packed batch, against sums written out in Python."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from recsys.core.history import History
from recsys.models.keras import tf
from recsys.models.sasrec import Packing
from recsys.training.objective import TargetScorer, build_loss
from recsys.training.objective.full_softmax import Softmax
from recsys.training.objective.losses import EXCLUDED, NextItemTask


def scorer_of(case) -> TargetScorer:
    packing = Packing(case.batch["segments"], case.batch["positions"])
    hidden = case.model.hidden(History.of(case.batch), packing)
    return TargetScorer(case.model, case.batch, hidden.states)


def slots(case):
    """Each real slot of the batch: its number, its user's training items, how many of them came before the target."""
    ids, targets = case.batch["history"].numpy().ravel(), case.batch["targets"].numpy().ravel()
    segments = case.batch["segments"].numpy().ravel()
    starts, ends = case.sequences.bounds("train")
    for user in range(1, segments.max() + 1):
        own = np.flatnonzero(segments == user)
        train = [int(ids[own[0]]), *(int(targets[slot]) for slot in own)]
        assert train in [case.sequences.items[s:e].tolist() for s, e in zip(starts, ends, strict=True)]
        for place, slot in enumerate(own):
            yield slot, train, place + 1


def test_logits_are_those_of_scoring_each_prefix_alone(make_case) -> None:
    case = make_case(memory=False)
    columns = np.arange(1, 10)
    (found,) = scorer_of(case).against(tf.constant(columns, tf.int32))
    for slot, train, length in slots(case):
        history = np.zeros((1, 25), np.int32)
        history[0, 25 - length :] = train[:length]
        if length == len(train) - 1:  # positions count from the newest, so only the last prefix stands alike
            np.testing.assert_allclose(found[slot], case.model.score_all(History(history))[0, 1:], atol=1e-5)


def test_the_memory_is_read_without_the_users_own_transitions(make_case) -> None:
    case = make_case(memory=True)
    scorer = scorer_of(case)
    _, memory, _ = scorer.positives()
    starts, ends = case.sequences.bounds("train")
    everyone = [case.sequences.items[s:e].tolist() for s, e in zip(starts, ends, strict=True)]

    def counts(histories: list[list[int]]) -> Counter:
        out: Counter = Counter()
        for history in histories:
            for place, item in enumerate(history):
                for step in (1, 2):
                    if place + step < len(history):
                        out[item, history[place + step]] += 1 / step
        return out

    shares = scorer.shares.numpy().reshape(-1, 27)  # one frame of 25 + 3 - 1 keys a row
    totals = np.pad(case.batch["divisors"].numpy(), [[0, 0], [2, 0]], constant_values=1.0)
    for slot, train, length in slots(case):
        others = list(everyone)
        others.remove(train)
        known = counts(others)
        target, support = train[length], 0.0
        for age in range(min(3, length)):
            item, key = train[length - 1 - age], slot % 25 + 2 - age
            total = sum(n for (source, _), n in known.items() if source == item)
            assert totals[slot // 25, key] == pytest.approx(max(total, 0.01), abs=1e-5), f"total of item {item}"
            weight = shares[slot, key] * totals[slot // 25, key]
            support += weight * known[item, target] / max(total, 0.01)
        added = case.model.memory.attention.logits(scorer.hidden[slot : slot + 1], tf.constant([[support]], tf.float32))
        assert float(memory[slot]) == pytest.approx(float(added[0, 0]), abs=1e-4)


def test_attention_and_memory_learn_alone_and_beside_each_other(make_case) -> None:
    case = make_case(memory=True)

    def variable(name: str) -> tf.Variable:
        return next(one for one in case.model.trainable_variables if name in one.name)

    attention = case.model.memory.attention
    table, gain = variable("item_table"), variable("gain")
    with tf.GradientTape(persistent=True) as tape:
        own, memory, both = scorer_of(case).positives()
    np.testing.assert_allclose(both, own + memory, atol=1e-5)
    reached = [[tape.gradient(view, one) is not None for one in (table, gain)] for view in (own, memory, both)]
    assert reached == [[True, False], [False, True], [True, True]]
    attention.config = attention.config.model_copy(update={"trained": "joint"})
    with tf.GradientTape(persistent=True) as tape:
        alone, both = scorer_of(case).positives()
    np.testing.assert_array_equal(alone, own)
    np.testing.assert_allclose(both, own + memory, atol=1e-5)
    assert tape.gradient(both, gain) is not None
    with tf.GradientTape() as tape:
        asked = scorer_of(case).shares  # the memory's attention, which is the last block's to change when together
    assert tape.gradient(asked, table) is not None
    attention.config = attention.config.model_copy(update={"trained": "separate"})
    with tf.GradientTape() as tape:
        asked = scorer_of(case).shares
    assert tape.gradient(asked, table) is None


@pytest.mark.parametrize(("memory", "relations"), [(False, False), (True, False), (True, True)])
def test_softmax_is_the_mean_log_probability_among_unseen_items(make_case, memory: bool, relations: bool) -> None:
    case = make_case(memory=memory, relations=relations, loss="softmax")
    scorer = scorer_of(case)
    every = scorer.against(tf.range(1, 10))
    expected, count = 0.0, 0
    for slot, train, length in slots(case):
        count += 1
        for view, positive in zip(every, scorer.positives(), strict=True):
            unseen = [float(view[slot, item - 1]) for item in range(1, 10) if item not in train]
            own = float(positive[slot])
            expected -= own - math.log(math.exp(own) + sum(map(math.exp, unseen)))
            assert train[length] not in (item for item in range(1, 10) if item not in train)
    assert float(build_loss(case.training)(scorer)) == pytest.approx(expected / count, rel=1e-4)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax"])
def test_label_smoothing_spreads_a_share_over_the_others_at_the_temperature(make_case, loss: str) -> None:
    # Nine of nine items drawn: the sampled softmax is the full one.
    case = make_case(memory=True, loss=loss)
    training = case.training.model_copy(update={"label_smoothing": 0.2, "temperature": 2.0})
    scorer = scorer_of(case)
    expected, count = 0.0, 0
    for slot, train, _ in slots(case):
        count += 1
        for view, positive in zip(scorer.against(tf.range(1, 10)), scorer.positives(), strict=True):
            others = [float(view[slot, item - 1]) / 2.0 for item in range(1, 10) if item not in train]
            own = float(positive[slot]) / 2.0
            log_total = math.log(math.exp(own) + sum(map(math.exp, others)))
            expected += 0.8 * (log_total - own)
            expected += sum(0.2 / len(others) * (log_total - other) for other in others) if others else 0.0
    assert float(build_loss(training)(scorer)) == pytest.approx(expected / count, rel=1e-4)


def test_label_smoothing_without_others_does_nothing(make_case) -> None:
    smoothing = make_case(memory=False).training.model_copy(update={"label_smoothing": 0.2})
    none = tf.constant([EXCLUDED])  # the log of the others' summed exponentials: there are none
    for positive in (-3.0, 3.0):
        found = build_loss(smoothing).cross_entropy(tf.constant([positive]), none, [tf.zeros(1), tf.zeros(1)])
        assert float(found[0]) == 0.0, "a target with nothing beside it has probability 1"


@pytest.mark.parametrize("memory", [False, True])
def test_sampling_every_item_is_the_full_softmax(make_case, memory: bool) -> None:
    # Nine of nine items drawn: each is expected once, log Q is 0.
    case = make_case(memory=memory)
    full = make_case(memory=memory, loss="softmax")
    sampled = float(build_loss(case.training)(scorer_of(case)))
    assert sampled == pytest.approx(float(build_loss(full.training)(scorer_of(full))), rel=1e-5)


@pytest.mark.parametrize(
    ("largest", "relations"), [(100, False), (4, False), (4, True)], ids=["at once", "in three stretches", "relations"]
)
def test_the_full_softmax_has_the_gradient_of_sampling_every_item(make_case, largest: int, relations: bool) -> None:
    gradients = []
    for loss in ("softmax", "sampled_softmax"):
        case = make_case(memory=True, relations=relations, loss=loss)
        task = Softmax(case.training, largest) if loss == "softmax" else build_loss(case.training)

        def descend(case: Any = case, task: NextItemTask = task) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                value = task(scorer_of(case))
            found = tape.gradient(value, case.model.trainable_variables)
            return [value, *map(tf.convert_to_tensor, found)]

        gradients.append([one.numpy() for one in tf.function(lambda descend=descend: descend())()])
    (one, *gradients[0]), (other, *gradients[1]) = gradients
    assert one == pytest.approx(other, rel=1e-5)
    for variable, one, other in zip(case.model.trainable_variables, *gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, err_msg=variable.name)


@pytest.mark.parametrize("loss", ["bce", "gbce"])
def test_binary_losses_by_scalars(make_case, loss: str) -> None:
    case = make_case(memory=False, loss=loss)
    scorer = scorer_of(case)
    (view,), (positive,) = scorer.against(case.batch["negatives"]), scorer.positives()
    share, t = 1.0, 0.75  # nine negatives are all the other eight items and the target
    power = share * (t * (1 - 1 / share) + 1 / share)
    expected, count = 0.0, 0
    for slot, train, _ in slots(case):
        terms = [
            math.log(1 + math.exp(float(view[slot, place])))
            for place, item in enumerate(case.batch["negatives"].numpy())
            if item not in train
        ]
        own = math.log(1 + math.exp(-float(positive[slot])))
        expected += own + sum(terms) / len(terms) if loss == "bce" else power * own + sum(terms)
        count += 1
    assert float(build_loss(case.training)(scorer)) == pytest.approx(expected / count, rel=1e-4)
