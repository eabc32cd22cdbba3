"""Scores of the whole catalog through a converted model itself."""

import numpy as np
import numpy.typing as npt

from recsys.core.candidates import candidate_chunks
from recsys.core.history import History
from recsys.evaluation.ranking import ScoreAll
from recsys.export.backend import Program
from recsys.sequences.sequences import Sequences


def catalog_scores(program: Program, sequences: Sequences, table_size: int) -> ScoreAll:
    """All items' scores: by ``score_all`` where it has it, else by ``rerank`` in chunks."""
    signatures = program.signatures
    like = History.of(signatures["rerank"].inputs)
    width = signatures["rerank"].inputs["candidates"].shape[1]
    chunks = candidate_chunks(np.arange(table_size), width)

    def one(history: History) -> npt.NDArray[np.float32]:
        if "score_all" in signatures:
            whole: npt.NDArray[np.float32] = program.run("score_all", **history.inputs())["scores"][0]
            return whole
        scores = [program.run("rerank", **history.inputs(), candidates=chunk)["scores"][0] for chunk in chunks]
        return np.concatenate(scores)[:table_size]

    def score_all(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        histories = sequences.histories(users, positions, like)
        return np.stack([one(histories.map(lambda channel, row=row: channel[row, None])) for row in range(len(users))])

    return score_all
