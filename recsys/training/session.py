"""One run from its first step to its seal: the fit that validation watches, the final fit of L1F, the evaluation."""

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recsys.artefact import write_json
from recsys.config import Config
from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.evaluation.evaluate import evaluate, rank, ranks_table, targets_of
from recsys.evaluation.metrics import summarise
from recsys.evaluation.plots import draw_plots
from recsys.evaluation.scorer import scorer
from recsys.models.cost import multiply_adds
from recsys.models.sasrec import SASRec
from recsys.models.weights import save_weights
from recsys.run import Run
from recsys.training.callbacks import Callback, Steps
from recsys.training.facts import Clock, code_facts, environment, now, peak_memory_bytes
from recsys.training.fit import Progress
from recsys.training.phases import FINAL, SEARCH, fit_phase
from recsys.training.workers import Workers

# What a split's figures may be compared with; an F follows where the final fit has seen the validation events.
PROTOCOLS = {"leave_one_out": "L1", "temporal": "time", "last_session": "session"}


class Session:
    """Everything that one run needs while it trains."""

    def __init__(self, config: Config, dataset: Dataset, run: Run, facts: dict[str, Any], workers: Workers) -> None:
        self.config, self.dataset, self.workers = config, dataset, workers
        self.sequences = dataset.sequences
        self.protocol = self._protocol()
        self._run = Run.create(
            run.path,
            config.to_json(),
            {
                **facts,
                "seed": config.training.seed,
                "workers": workers.count,
                "protocol": self.protocol,
                "dataset_digest": dataset.digest,
                "dataset_path": str(dataset.path.resolve()),  # where to look first; the digest says whether it is it
                "dataset_counts": dataset.counts,
                "table_size": dataset.vocabulary.table_size,
                "vocabulary_digest": dataset.vocabulary.digest,
                "started": now(),
                **code_facts(),
            },
        )
        if not self._run.environment_file.exists():  # a resumed run keeps the facts that it began with
            self._run.environment_file.write_text(environment(), encoding="utf-8")
        self._run.checkpoint_dir.mkdir(exist_ok=True)
        self.clock = Clock(self._run.checkpoint_dir / "clock.json")

    def run(self, callbacks: Sequence[Callback], on_step: Steps | None) -> None:
        """Train, evaluate and seal."""
        tests = targets_of(self.dataset, "test")
        if not len(tests.users):
            raise DataError(f"{self.dataset.path}: no user has a test event on an item of training; nothing to report")
        model, fit = fit_phase(SEARCH, self.config, self.dataset, self._run, self.workers)
        for callback in callbacks:
            callback.on_start(self._run, self.config)
        self._run.truncate_history(fit.progress.epoch)
        progress = fit.run(SEARCH, on_step, lambda metrics: self._epoch(metrics, callbacks))
        validation = targets_of(self.dataset, "validation")
        ranks = rank(scorer(model, self.dataset), self.dataset, validation, self.config.evaluation)
        tables = [ranks_table(self.dataset, validation, ranks)]
        ends = self.sequences.bounds("train")[1]
        if self.config.training.final_fit:
            ends = self.sequences.bounds("validation")[1]
            model, fit = fit_phase(FINAL, self.config, self.dataset, self._run, self.workers, progress)
            fit.run(FINAL, on_step, lambda metrics: self.clock.save())
        metrics, table = evaluate(
            scorer(model, self.dataset),
            self.dataset,
            tests,
            ends,
            self.config.evaluation,
            model.item_table.numpy(),
        )
        self._seal(model, progress, metrics, [*tables, table], summarise(ranks, self.config.evaluation.ks))
        self.workers.meet()
        for callback in callbacks:
            callback.on_end(self._run)

    def _protocol(self) -> str:
        name = PROTOCOLS[self.dataset.manifest["split"]]
        return f"{name}F" if self.config.training.final_fit else name

    def _epoch(self, metrics: dict[str, float], callbacks: Sequence[Callback]) -> None:
        self._run.log_epoch(metrics)
        self.clock.save()
        for callback in callbacks:
            callback.on_epoch(self._run, metrics)

    def _seal(
        self,
        model: SASRec,
        progress: Progress,
        metrics: dict[str, Any],
        tables: list[pd.DataFrame],
        validation: dict[str, float],
    ) -> None:
        run = self._run
        save_weights(model, run.weights_file)
        pd.concat(tables).to_parquet(run.ranks_file, index=False)
        found = {
            "protocol": self.protocol,
            "split": "test",
            "dataset_digest": self.dataset.digest,
            "seed": self.config.training.seed,
            "epochs": {"best": progress.best_epoch, "run": progress.epoch},
            "validation": validation,
            **metrics,
        }
        write_json(run.metrics_file, found)
        draw_plots(run, self.dataset, model)
        trained = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
        run.finish(
            {
                "finished": now(),
                "wall_seconds": self.clock.wall,
                "cpu_seconds": self.clock.cpu,
                "peak_memory_bytes": peak_memory_bytes(),
                "parameters": trained,
                "multiply_adds": multiply_adds(self.config.model),
            }
        )
        shutil.rmtree(run.checkpoint_dir, ignore_errors=True)
