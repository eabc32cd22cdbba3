"""What MLflow calls to load a logged model: recommend from raw external ids.

The weights are plain arrays and the code is this package's own, so loading a model runs nothing that came with it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import ITEMS_FILE, Dataset, dataset_digest
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.bundle import check_now, event_from_json
from recsys.config.evaluation import EvaluationConfig
from recsys.config.model import ModelConfig
from recsys.core.artifact import check_files
from recsys.core.errors import ArtifactError, DataError
from recsys.core.events import Event, now_ms
from recsys.core.events.codes import EventCodes
from recsys.core.history import History, client_encoding, encode_history
from recsys.core.schema import PAD_ID
from recsys.evaluation.ranking import top_items

if TYPE_CHECKING:
    import pandas as pd


class Recommender:
    """Ranks the whole catalog after a raw history; what that has seen is left out where the run was evaluated so.

    Args:
        path: a directory with ``run/`` (manifest, config, weights) and ``dataset/`` (manifest, items).

    Raises:
        ArtifactError: a file is missing or not the one that the run sealed.
    """

    def __init__(self, path: Path) -> None:
        from recsys.evaluation.scorer import compiled
        from recsys.models.events import history_spec
        from recsys.models.loading import model_in
        from recsys.models.sasrec import folded

        run, self.dataset = Run(path / "run"), Dataset(path / "dataset")
        _check(run, self.dataset)
        config = recorded(ModelConfig, run, "model")
        self.filter_seen = recorded(EvaluationConfig, run, "evaluation").filter_seen
        self.history = history_spec(config, None)
        self.codes = EventCodes.from_json(run.manifest.event_codes)
        self._encoding = client_encoding(self.history, self.dataset.policy, self.codes)
        self._model = folded(model_in(run.weights_file, config, self.dataset.vocabulary.table_size))
        self._score_all = compiled(self._model)

    def predict(self, model_input: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """The ``k`` best items for each row's ``history``; see ``recsys.tracking.models.model.signature``.

        Raises:
            DataError: ``k`` is not positive, an event is none, or ``now`` is no moment.
        """
        import pandas as pd

        given = params or {}
        k, now = int(given.get("k", 10)), check_now(given.get("now") or now_ms(), "params")
        if k < 1:
            raise DataError(f"k must be at least 1, found {k}")
        ranked = [
            self.recommend([event_from_json(one, f"row {row}: history[{n}]") for n, one in enumerate(history)], k, now)
            for row, history in enumerate(model_input["history"])
        ]
        return pd.DataFrame({"items": [items for items, _ in ranked], "scores": [scores for _, scores in ranked]})

    def score(self, history: History, candidates: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Scores of ``candidates [batch, n]``, internal ids, after each history: ``[batch, n]``."""
        scores: npt.NDArray[np.float32] = self._model.score(history, candidates).numpy()
        return scores

    def score_all(self, history: History) -> npt.NDArray[np.float32]:
        """Scores of the whole item table after each history: ``[batch, table_size]``."""
        scores: npt.NDArray[np.float32] = self._score_all(history).numpy()
        return scores

    def recommend(self, history: list[Event], k: int, now: int) -> tuple[list[str], list[float]]:
        """The ``k`` best items after ``history``, and their scores, best first, at ``now`` (in ms)."""
        vocabulary = self.dataset.vocabulary
        length = int(self.history.items.shape[1])
        policy, codes = self._encoding
        encoded = encode_history(history, vocabulary, length, policy, now, codes)
        scores = self.score_all(encoded.like(self.history))[0, : len(vocabulary) + 1]
        scores[PAD_ID] = -np.inf
        if self.filter_seen:
            scores[vocabulary.encode(self._seen(history))] = -np.inf
        (ids,), (values,) = top_items(scores[None], k)
        ranked = np.isfinite(values)
        return [vocabulary.external_ids[i - 1] for i in ids[ranked]], values[ranked].tolist()

    def _seen(self, history: list[Event]) -> set[str]:
        """The items of the vocabulary that ``history`` takes out of the ranking; an event without a type is seen."""
        types, vocabulary = self.dataset.seen_types, self.dataset.vocabulary
        return {
            event.item
            for event in history
            if event.item in vocabulary and (types is None or event.event_type in ("", *types))
        }


def _load_pyfunc(path: str) -> Recommender:
    return Recommender(Path(path))


def _check(run: Run, dataset: Dataset) -> None:
    """Every file must be what the run sealed: its own by its manifest, the item table by the dataset's digest."""
    sealed, manifest = run.manifest.files, dataset.manifest
    check_files(run.path, {file.name: sealed.get(file.name, "") for file in (run.config_file, run.weights_file)}, "run")
    check_files(dataset.path, {ITEMS_FILE: manifest.files.get(ITEMS_FILE, "")}, "dataset")
    if dataset_digest(manifest.counts, manifest.files, manifest.event_codes) != run.manifest.dataset_digest:
        raise ArtifactError(f"{dataset.path}: not the dataset that the run was trained on; log the model again")
