"""A sweep in MLflow: the run under which its trials are filed."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.schema import RUNS_DIR
from recsys.experiments.trial import Trial
from recsys.tracking.store import names
from recsys.tracking.store.errors import StoreError, store_errors
from recsys.tracking.store.store import Store, open_store
from recsys.tracking.upload import record
from recsys.tracking.upload.callback import MlflowCallback
from recsys.tracking.upload.sync import sync_if_possible
from recsys.tracking.upload.uploader import find_run

log = logging.getLogger(__name__)

DIGEST_TAG = "recsys.sweep_digest"


class SweepRun:
    """A sweep's log: the parent run of its trials, found again by the sweep's digest; nothing where tracking is off.

    Attributes:
        run_id: MLflow's id of it, or None where tracking is off.

    Raises:
        StoreError: the store is away.
    """

    def __init__(
        self, tracking: TrackingConfig, work_dir: Path, digest: str, space: Sequence[str], method: str
    ) -> None:
        self._tracking, self._work_dir = tracking, work_dir
        self._store: Store | None = open_store(tracking, work_dir) if tracking.enabled else None
        self.run_id: str | None = None
        if self._store is None:
            return
        with store_errors(self._store.place):
            client, experiment = self._store.client, self._store.experiment_id
            found = client.search_runs([experiment], f"tags.`{DIGEST_TAG}` = '{digest}'", max_results=1)
            if found:
                self.run_id = str(found[0].info.run_id)
                client.update_run(self.run_id, status="RUNNING")
                return
            made = client.create_run(experiment, run_name=f"sweep-{digest[:6]}", tags={DIGEST_TAG: digest})
            self.run_id = str(made.info.run_id)
            client.log_param(self.run_id, "sweep.method", method)
            client.log_param(self.run_id, "sweep.space", names.value("\n".join(space), names.PARAMETER_LENGTH))

    def callback(self) -> MlflowCallback:
        """What sends one trial's run while it trains."""
        return MlflowCallback(self._tracking, self._work_dir, sweep=self.run_id)

    def update(self, trials: Sequence[Trial]) -> None:
        """File the trials' runs under the parent and show their scores; a store that is away is not waited for."""
        if self._store is None or self.run_id is None:
            return
        try:
            with store_errors(self._store.place):
                self._send(self._store, self.run_id, trials)
        except StoreError as error:
            log.warning("%s; the sweep goes on and sends this with its next trial", error)

    def finish(self, trials: Sequence[Trial]) -> None:
        """The sweep has ended: the models of its best trial are sent, too."""
        self.update(trials)
        if self._store is None or self.run_id is None:
            return
        best = max((one for one in trials if one.score is not None), key=lambda one: one.score or 0, default=None)
        for digest in () if best is None else best.runs:
            sync_if_possible(Run(self._work_dir / RUNS_DIR / digest), self._tracking, self._work_dir)
        with store_errors(self._store.place):
            self._store.client.set_terminated(self.run_id, "FINISHED")

    def _send(self, store: Store, run_id: str, trials: Sequence[Trial]) -> None:
        from mlflow.entities import Metric

        for digest in {digest for trial in trials for digest in trial.runs}:
            child = find_run(store, digest)
            if child is not None:
                for tag in (record.PARENT_TAG, record.SWEEP_TAG):
                    store.client.set_tag(child, tag, run_id)
        scored = [(trial.number, trial.score) for trial in trials if trial.score is not None]
        # The number stands for the time: the same trials send the same points.
        metrics = [Metric("trial/validation_ndcg_at_10", score, number, number) for number, score in scored]
        if scored:
            number, score = max(scored, key=lambda pair: pair[1])
            metrics.append(Metric("best/ndcg_at_10", score, number, number))
        store.client.log_batch(run_id, metrics=metrics)
        store.client.set_tag(run_id, "mlflow.note.content", names.value(_note(trials), names.TAG_LENGTH))


def _note(trials: Iterable[Trial]) -> str:
    rows = [
        f"| {trial.number} | {trial.state} | {_score(trial.score)} | {_values(trial.values)} | {trial.reason} |"
        for trial in sorted(trials, key=lambda trial: -(trial.score or 0))
    ]
    return "\n".join(["| trial | state | validation NDCG@10 | values | |", "|---|---|---|---|---|", *rows])


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.4f}"


def _values(values: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())
