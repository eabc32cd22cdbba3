"""One run from its first step to its seal: the search that validation watches, the refit, the evaluation."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.training import TrainingConfig
from recsys.core.errors import DataError
from recsys.evaluation.evaluate import EvaluationData, Evaluator, targets_of
from recsys.evaluation.repeated_targets import describe_repeated
from recsys.evaluation.reporting import SPLITS, evaluate_baselines, figures
from recsys.evaluation.scorer import scorer
from recsys.models.sasrec import SASRec
from recsys.terminal import say
from recsys.training.assembly import assemble, make_reproducible
from recsys.training.batches.batches import Batches
from recsys.training.callbacks import Checkpoint, Divergence, EarlyStopping, EpochLog
from recsys.training.facts import Clock
from recsys.training.fit import Fit, FitCallback, Progress
from recsys.training.listeners import RunCallback, Steps
from recsys.training.run_files import begin, seal
from recsys.training.validation import LastEpoch, Validation, Validator
from recsys.training.warm_start import begin_with
from recsys.training.workers import Workers

SEARCH, REFIT = "search", "refit"


class Training:
    """Trains ``config`` on ``dataset`` into ``run``, beside ``workers``."""

    def __init__(self, config: Config, dataset: Dataset, run: Run, workers: Workers) -> None:
        self.config, self.dataset, self.workers = config, dataset, workers
        self.data = EvaluationData.of(dataset)
        self._run = run

    def lead(
        self, facts: dict[str, Any], callbacks: Sequence[RunCallback], on_step: Steps | None, *, read_test: bool
    ) -> None:
        """Begin the run or go on with it, train, evaluate and seal; the other workers ``follow``.

        Args:
            facts: what the manifest says beside what is known here.
            read_test: whether the test is evaluated, too.

        Raises:
            DataError: there is nothing to learn from, to choose by or to report.
        """
        self._run.path.mkdir(parents=True, exist_ok=True)
        begin(self._run, self.config, self.dataset, {**facts, "workers": self.workers.count})
        clock = Clock(self._run.checkpoint_dir / "clock.json")
        self.workers.barrier()
        if read_test and not len(targets_of(self.data, "test").users):
            raise DataError(f"{self.dataset.path}: no user has a test event on an item of training; nothing to report")

        def log(metrics: dict[str, float]) -> None:
            self._run.log_epoch(metrics)
            clock.save()
            for callback in callbacks:
                callback.on_epoch(self._run, metrics)

        if repeated := describe_repeated(self.data, "validation", self.config.evaluation):
            say(f"train: {repeated}")
        model, fit = self.search(log)
        for callback in callbacks:
            callback.on_start(self._run, self.config)
        self._run.truncate_history(fit.progress.epoch)
        progress = fit.run(SEARCH, on_step)
        refit, settings = self.config.training.refit, self.config.evaluation
        splits = SPLITS if read_test else ("validation",)
        evaluators = {split: Evaluator(self.data, split, settings, refit=refit) for split in splits}
        evaluated = {"validation": evaluators["validation"](scorer(model, self.data.sequences))}
        if refit:
            model, fit = self.refit(progress, lambda metrics: clock.save())
            fit.run(REFIT, on_step)
        if read_test:
            evaluated["test"] = evaluators["test"](scorer(model, self.data.sequences))
        ranks = pd.concat([one.ranks for one in evaluated.values()])
        baselines = evaluate_baselines(settings.baselines, evaluators, self._run.baselines_dir)
        epochs = {"best": progress.best_epoch, "run": progress.epoch}
        metrics = figures({split: one.metrics for split, one in evaluated.items()}, baselines, ranks, epochs)
        seal(self._run, model, self.dataset, metrics, ranks, clock)
        self.workers.barrier()
        for callback in callbacks:
            callback.on_end(self._run)

    def follow(self, on_step: Steps | None) -> None:
        """Train beside the chief, who has begun the run, until it has sealed it."""
        _, fit = self.search()
        progress = fit.run(SEARCH, on_step)
        if self.config.training.refit:
            _, fit = self.refit(progress)
            fit.run(REFIT, on_step)
        self.workers.barrier()

    def search(self, log: Callable[[dict[str, float]], None] | None = None) -> tuple[SASRec, Fit]:
        """A new model and the fit that validation watches, which goes on from where an earlier attempt was.

        Raises:
            DataError: nobody has two events, or nothing could choose the epoch.
        """
        training = self.config.training
        model, batches = self._assemble(training, "train")
        targets = targets_of(self.data, "validation", self.config.evaluation.validation_users)
        if not len(targets.users):
            raise DataError(f"{self.dataset.path}: no user has a validation event; nothing could choose the epoch")
        directory = self._run.checkpoint_dir / SEARCH
        directory.mkdir(exist_ok=True)
        validate = Validator(model, self.data, targets, self.config.evaluation, training.cold_cost)
        callbacks = [Validation(validate, directory / "best.npz"), EarlyStopping()]
        return model, self._fit(model, batches, training, SEARCH, callbacks, log)

    def refit(self, searched: Progress, log: Callable[[dict[str, float]], None] | None = None) -> tuple[SASRec, Fit]:
        """A new model and its fit on the validation events, too, for as many epochs as validation chose."""
        training = self.config.training.model_copy(update={"epochs": searched.best_epoch})
        model, batches = self._assemble(training, "validation")
        return model, self._fit(model, batches, training, REFIT, [LastEpoch(searched)], log)

    def _assemble(self, training: TrainingConfig, split: str) -> tuple[SASRec, Batches]:
        make_reproducible(training)
        vocabulary, sequences = self.dataset.vocabulary, self.dataset.sequences
        with self.workers.strategy.scope():
            ends = sequences.bounds(split)[1]
            sizes, known = (len(vocabulary), vocabulary.table_size), (self.dataset.features, self.dataset.relations)
            model, batches = assemble(self.config.model, training, sequences, ends, *sizes, *known)
            begin_with(model, self.config, self.dataset)
        if not len(batches):
            raise DataError(f"{self.dataset.path}: no user has two events to train on")
        return model, batches

    def _fit(
        self,
        model: SASRec,
        batches: Batches,
        training: TrainingConfig,
        phase: str,
        callbacks: Sequence[FitCallback],
        log: Callable[[dict[str, float]], None] | None,
    ) -> Fit:
        logs = [] if log is None else [EpochLog(log)]
        checkpoint = Checkpoint(self._run.checkpoint_dir / phase)
        return Fit(model, batches, training, [Divergence(), *callbacks, *logs, checkpoint], self.workers)
