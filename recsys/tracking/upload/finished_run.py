"""What a finished run adds to the store: its files, its model, what it reached, and its model card."""

from pathlib import Path

from recsys.artifacts.finding import dataset_of
from recsys.artifacts.run import Run
from recsys.core.errors import ArtifactError
from recsys.core.schema import MANIFEST
from recsys.terminal import say
from recsys.tracking.models.model_card import model_card
from recsys.tracking.store import names
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.points import final_points, log_model_points, log_points

FILES_DIR = "run"  # where in a run's artifacts its files lie
PLOTS_DIR = "plots"
RUN_FILES = (MANIFEST, "config.json", "history.jsonl", "metrics.json", "ranks.parquet", "environment.txt")


class FinishedRun:
    """A run whose files are all those that it sealed.

    Args:
        log_model: whether its model is kept, too.

    Raises:
        ArtifactError: the run is damaged.
        ValueError: it lacks a file, or its digest is none.
    """

    def __init__(self, run: Run, work_dir: Path, *, log_model: bool) -> None:
        run.verify()
        missing = [name for name in RUN_FILES if not (run.path / name).is_file()]
        if missing or set(run.digest) - set("0123456789abcdef"):
            raise ValueError(f"files missing: {missing}, digest {run.digest!r}")
        self.run, self.work_dir = run, work_dir
        self.log_model = log_model and bool(run.config["tracking"]["log_model"])
        self.points, self.card = final_points(run), model_card(run)
        self.ended = record.milliseconds(str(run.manifest.finished))

    def send(self, store: Store, run_id: str) -> None:
        """Log what the store does not have yet; the tag that says so comes last."""
        client = store.client
        tags = client.get_run(run_id).data.tags
        if tags.get(record.STATE_TAG) == record.COMPLETE:
            if record.MODEL_TAG in tags and self._send_model(store, run_id):
                client.delete_tag(run_id, record.MODEL_TAG)
            return
        for name in RUN_FILES:
            client.log_artifact(run_id, str(self.run.path / name), FILES_DIR)
        if self.run.baselines_dir.is_dir():
            client.log_artifacts(run_id, str(self.run.baselines_dir), f"{FILES_DIR}/{self.run.baselines_dir.name}")
        for plot in sorted(self.run.plots_dir.glob("*.png")):
            client.log_artifact(run_id, str(plot), PLOTS_DIR)
        log_points(store, run_id, self.points)
        self._send_model(store, run_id)
        client.set_tag(run_id, "mlflow.note.content", names.value(self.card, names.TAG_LENGTH))
        client.set_terminated(run_id, "FINISHED", self.ended)
        client.set_tag(run_id, record.SEAL_TAG, record.seal(self.run))
        client.set_tag(run_id, record.STATE_TAG, record.COMPLETE)

    def _send_model(self, store: Store, run_id: str) -> bool:
        """The model with the items that it ranks, and its metrics; where their dataset is gone the run does without."""
        if not self.log_model:
            if record.SWEEP_TAG in store.client.get_run(run_id).data.tags:
                store.client.set_tag(run_id, record.MODEL_TAG, "of a sweep's trials only the best one's is kept")
            return False
        try:
            dataset = dataset_of(self.run, self.work_dir)
        except ArtifactError as error:
            say(f"mlflow: {self.run.path}: without its model, which recsys promote needs: {error}")
            store.client.set_tag(run_id, record.MODEL_TAG, names.value(str(error), names.TAG_LENGTH))
            return False
        from recsys.tracking.models.model import log_model

        model_id = log_model(store, run_id, self.run, dataset).removeprefix("models:/")
        data = record.data_name(record.parameters(self.run.config))
        log_model_points(store, run_id, self.points, model_id, data, dataset.digest)
        return True
