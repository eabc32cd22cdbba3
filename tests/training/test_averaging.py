"""Averaged weights, against the average that is computed beside the training, step by step."""

import numpy as np

from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.training.assembly import assemble, make_reproducible
from recsys.training.averaging import averaged
from recsys.training.fit import Fit, Progress
from recsys.training.validation import LastEpoch

MOMENTUM = 0.75


def fit_of(dataset: Dataset, config: Config, ema_momentum: float) -> Fit:
    training = config.training.model_copy(update={"ema_momentum": ema_momentum})
    make_reproducible(training)
    sequences, rows = dataset.sequences, dataset.vocabulary.table_size
    model, batches = assemble(config.model, training, sequences, sequences.bounds("train")[1], rows - 1, rows)
    return Fit(model, batches, training, [])


def weights_of(fit: Fit) -> list[np.ndarray]:
    return [variable.numpy() for variable in fit.model.trainable_variables]


def test_the_average_forgets_by_its_momentum_and_learning_goes_on_from_the_weights(
    dataset: Dataset, config: Config
) -> None:
    fit = fit_of(dataset, config, MOMENTUM)
    average = weights_of(fit)
    for _ in fit.steps(1):
        average = [MOMENTUM * old + (1 - MOMENTUM) * new for old, new in zip(average, weights_of(fit), strict=True)]
    learned = weights_of(fit)
    with averaged(fit):
        for found, expected in zip(weights_of(fit), average, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        assert any(not np.allclose(a, b) for a, b in zip(learned, weights_of(fit), strict=True))
    for found, expected in zip(weights_of(fit), learned, strict=True):
        np.testing.assert_array_equal(found, expected)
    LastEpoch(Progress()).on_end(fit)
    np.testing.assert_allclose(weights_of(fit)[0], average[0], rtol=1e-4, atol=1e-6)


def test_without_momentum_the_weights_themselves_are_judged(dataset: Dataset, config: Config) -> None:
    fit = fit_of(dataset, config, 0.0)
    for _ in fit.steps(1):
        pass
    learned = weights_of(fit)
    with averaged(fit):
        np.testing.assert_array_equal(weights_of(fit)[0], learned[0])
