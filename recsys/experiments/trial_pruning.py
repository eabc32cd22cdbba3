"""Hopeless trials of a sweep, stopped early."""

import optuna

from recsys.artifacts.run import Run
from recsys.config import Config

METRIC = "ndcg@10"  # on validation; a sweep never looks at the test split


class Pruning:
    """A trainer's callback that reports each epoch of a trial and ends it when it is hopeless."""

    def __init__(self, trial: optuna.Trial | None) -> None:
        self._trial = trial

    def on_start(self, run: Run, config: Config) -> None:
        """Nothing to do yet."""

    def on_epoch(self, run: Run, metrics: dict[str, float]) -> None:
        """Raises optuna.TrialPruned when the trial is below the median of the earlier ones."""
        key = f"validation/{METRIC}"
        if self._trial is None or key not in metrics:
            return
        epoch = int(metrics["epoch"])
        self._trial.report(metrics[key], epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"stopped at epoch {epoch}: {METRIC} {metrics[key]:.4f} is below the median")

    def on_end(self, run: Run) -> None:
        """Nothing left to do."""
