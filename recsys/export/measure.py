"""What a variant is worth: quality, parity and latency, through the TFLite model itself."""

import numpy as np
import numpy.typing as npt

from recsys.data.dataset import Dataset
from recsys.data.sequences import Sequences
from recsys.evaluation.metrics import summarise
from recsys.evaluation.ranking import ScoreAll, rank_split
from recsys.export.runtime import Runtime


def sample_targets(
    sequences: Sequences, most: int, seed: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Test targets ``(users, flat positions)``: all, or a fixed random ``most`` of them."""
    users, positions = sequences.targets("test")
    if len(users) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(users), most, replace=False))
        users, positions = users[chosen], positions[chosen]
    return users, positions


def quality(
    score_all: ScoreAll,
    dataset: Dataset,
    users: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    *,
    filter_seen: bool,
) -> dict[str, float]:
    """``{"ndcg@10", "hr@10", "mrr"}`` over the full catalogue."""
    items = len(dataset.vocabulary)
    ranks = rank_split(
        lambda *batch: [score_all(*batch)],
        dataset.sequences,
        users,
        positions,
        items,
        filter_seen=filter_seen,
        batch_size=256,
    )
    return summarise(ranks[0], [10])


def tflite_scores(runtime: Runtime, sequences: Sequences, length: int, table_size: int) -> ScoreAll:
    """All items' scores by a TFLite model: by ``score_all`` where it has it, else by ``rerank`` in chunks."""
    signatures = runtime.signatures()
    width = signatures["rerank"].inputs["candidates"].shape[1]
    chunks = np.resize(
        np.pad(np.arange(table_size, dtype=np.int32), (0, -table_size % width)), (-(-table_size // width), 1, width)
    )

    def one(history: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        if "score_all" in signatures:
            whole: npt.NDArray[np.float32] = runtime.run("score_all", history=history)["scores"][0]
            return whole
        scores = [runtime.run("rerank", history=history, candidates=chunk)["scores"][0] for chunk in chunks]
        return np.concatenate(scores)[:table_size]

    def score_all(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        histories = sequences.histories(users, positions, length)
        return np.stack([one(history[None]) for history in histories])

    return score_all
