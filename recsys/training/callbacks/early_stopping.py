"""A training that no longer gets better ends."""

from recsys.training.fit import Fit, FitCallback


class EarlyStopping(FitCallback):
    """Ends the loop after ``training.patience`` validations without a better one."""

    def should_stop(self, fit: Fit) -> bool:
        progress = fit.progress
        waited = (progress.epoch - progress.best_epoch) // fit.config.validate_every
        return waited >= fit.config.patience
