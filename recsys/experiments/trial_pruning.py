"""Hopeless trials of a sweep, stopped early."""

from typing import Any

import optuna

from recsys.artifacts.run import Run
from recsys.config import Config

METRIC = "ndcg@10"  # on validation; a sweep never looks at the test split


class Pruning:
    """A ``RunCallback`` that reports each epoch of a trial and ends it when it is hopeless."""

    def __init__(self, trial: optuna.Trial | None) -> None:
        self._trial = trial
        self._reported: set[int] = set()

    def on_start(self, run: Run, config: Config) -> None:
        """Epochs from before an interruption count as this trial's."""
        self.catch_up(run)

    def on_epoch(self, run: Run, metrics: dict[str, Any]) -> None:
        """Raises optuna.TrialPruned when the trial is below the median of the earlier ones."""
        epoch = self._report(metrics)
        if self._trial is not None and epoch is not None and self._trial.should_prune():
            value = metrics[f"validation/{METRIC}"]
            raise optuna.TrialPruned(f"stopped at epoch {epoch}: {METRIC} {value:.4f} is below the median")

    def on_end(self, run: Run) -> None:
        """Nothing left to do."""

    def catch_up(self, run: Run) -> None:
        """Report what a run has behind it that nobody watched: later trials are held against it."""
        for metrics in run.history():
            self._report(metrics)

    def _report(self, metrics: dict[str, Any]) -> int | None:
        """The epoch, where it was validated and is new."""
        value, epoch = metrics.get(f"validation/{METRIC}"), int(metrics["epoch"])
        if self._trial is None or value is None or epoch in self._reported:
            return None
        self._trial.report(value, epoch)
        self._reported.add(epoch)
        return epoch
