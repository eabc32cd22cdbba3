"""Workers that train in step reach what one alone reaches, and the chief's run is whole."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.errors import ConfigError
from recsys.models.keras import tf
from recsys.training.batches.batches import Batches
from recsys.training.stage import run_of, train
from recsys.training.workers import WHOLE, Workers, join

PROGRAM = """
import json, sys
from pathlib import Path
from recsys.config import parse_config
from recsys.artifacts.dataset import Dataset
from recsys.training.stage import train

config, dataset, work_dir = sys.argv[1:]
run = train(parse_config(json.loads(config)), Dataset(Path(dataset)), Path(work_dir)).artifact
print(run.metrics["model"]["ndcg@10"])
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def train_together(config: Config, dataset: Dataset, work_dir: Path, program: str = PROGRAM) -> list[str]:
    """What each of two processes prints."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    arguments = [json.dumps(config.to_json()), str(dataset.path), str(work_dir)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={
                **os.environ,
                "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    try:
        told = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(error[-2000:] for _, error in told)
    return [out for out, _ in told]


@pytest.mark.slow
@pytest.mark.parametrize("refit", [False, True])
def test_two_workers_reach_what_one_reaches(dataset: Dataset, config: Config, tmp_path: Path, refit: bool) -> None:
    # Dropout is drawn by each worker for its own rows; without it nothing but the order of sums differs.
    config = config.model_copy(
        update={
            "model": config.model.model_copy(update={"dropout": 0.0}),
            "training": config.training.model_copy(update={"refit": refit}),
        }
    )
    alone = train(config, dataset, tmp_path / "alone").artifact
    printed = train_together(config, dataset, tmp_path / "together")
    together = Run(run_of(config, dataset, tmp_path / "together").path)
    together.verify()
    assert together.manifest.workers == 2
    assert printed[0] == printed[1] == f"{together.metrics['model']['ndcg@10']}\n"
    losses = [[entry["loss"] for entry in run.history()] for run in (alone, together)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    with np.load(alone.weights_file) as one, np.load(together.weights_file) as two:
        for name in one.files:
            np.testing.assert_allclose(two[name], one[name], atol=2e-3, err_msg=name)


JUDGED_APART = """
import random
from recsys.training.validation import Judgement, Validator
from recsys.training.workers import join

rounding = random.Random(join().index)
judge = Validator.__call__
def apart(self):
    found = judge(self)
    metrics = {name: value * (1 + 0.5 * rounding.random()) for name, value in found.metrics.items()}
    return Judgement(metrics, found.memory_weight)
Validator.__call__ = apart
"""


@pytest.mark.slow
def test_workers_that_judge_apart_end_together(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    # Little patience, and a refit as long as validation chose: whoever chose alone would stop alone.
    update = {"patience": 1, "validate_every": 1, "epochs": 12, "refit": True}
    config = config.model_copy(update={"training": config.training.model_copy(update=update)})
    train_together(config, dataset, tmp_path, JUDGED_APART + PROGRAM)
    Run(run_of(config, dataset, tmp_path).path).verify()


def test_one_worker_agrees_with_itself() -> None:
    assert Workers().agreed(0.25, 1.4) == [0.25, 1.4]


class Together(Workers):
    """One of two workers without the other: what is summed up is what ``chief`` said."""

    chief: tuple[float, ...] = ()

    def total(self, value: tf.Tensor) -> tf.Tensor:
        return value + tf.constant(self.chief, tf.float64)


def test_a_follower_takes_what_the_chief_says() -> None:
    Together.chief = (0.25, 1.4)
    follower = Together(tf.distribute.get_strategy(), 1, 2)
    assert follower.agreed(0.75, 0.35) == [0.25, 1.4]
    Together.chief = (0.0, 0.0)
    assert Together(tf.distribute.get_strategy(), 0, 2).agreed(0.75, 0.35) == [0.75, 0.35]


@pytest.mark.parametrize("count", [2, 3, 64])
def test_shares_are_the_whole_batch(dataset: Dataset, config: Config, count: int) -> None:
    ends = dataset.sequences.bounds("train")[1]
    model = config.model.model_copy(update={"memory": None})
    batch = next(Batches(dataset.sequences, ends, model, config.training, 20, None).epoch(1))
    shares = [Workers(tf.distribute.get_strategy(), index, count).share(batch) for index in range(count)]
    assert len({len(share["history"]) for share in shares}) == 1, "no worker runs out of rows before another"
    for name, whole in batch.items():
        if name in WHOLE:
            assert all(share[name] is whole for share in shares)  # type: ignore[literal-required]
        else:
            rows = np.concatenate([share[name] for share in shares])  # type: ignore[literal-required]
            assert sorted(map(bytes, rows[rows.any(axis=tuple(range(1, rows.ndim)))])) == sorted(
                map(bytes, whole[whole.any(axis=tuple(range(1, whole.ndim)))])  # type: ignore[index, attr-defined]
            ), name


@pytest.mark.parametrize(
    "told",
    [
        "{",
        '{"cluster": {}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
    ],
)
def test_a_crew_that_cannot_be_is_told(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", told)
    join.cache_clear()
    try:
        with pytest.raises(ConfigError, match="TF_CONFIG: expected"):
            join()
    finally:
        join.cache_clear()
