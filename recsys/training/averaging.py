"""Weights averaged over training steps: Keras' moving average, lent to the model that is judged and kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from recsys.training.fit import Fit


def take_average(fit: Fit) -> None:
    """Give the fit's model its averaged weights, where they are averaged."""
    if fit.config.ema_momentum:
        fit.optimizer.finalize_variable_values(fit.model.trainable_variables)


@contextmanager
def averaged(fit: Fit) -> Iterator[None]:
    """The fit's model has its averaged weights inside, and those that it learns by after."""
    variables = fit.model.trainable_variables if fit.config.ema_momentum else []
    learned = [variable.numpy() for variable in variables]
    take_average(fit)
    try:
        yield
    finally:
        for variable, values in zip(variables, learned, strict=True):
            variable.assign(values)
