"""What the version constants promise: while one stands, the same input makes the same dataset, weights and model file.

A stage that finds its result made does not make it again. So whoever changes what a stage makes must raise the constant
that is part of the result's digest, or people go on with what the old code made. This test fails until that is done;
then write the fixture anew:

    python -m tests.golden.test_reuse
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from pipelines.prepare import PREPARE_VERSION, prepare
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.export.stage import EXPORT_VERSION
from recsys.export.tflite.backend import TFLite
from recsys.export.variants import Variant
from recsys.models.sasrec import build_model
from recsys.training.phases import Training
from recsys.training.stage import TRAINING_VERSION
from recsys.training.workers import Workers

FIXTURE = Path(__file__).with_name("reuse.json")
STEPS = 8
VERSIONS = {"PREPARE_VERSION": PREPARE_VERSION, "TRAINING_VERSION": TRAINING_VERSION, "EXPORT_VERSION": EXPORT_VERSION}


class Made(NamedTuple):
    """A prepared tiny log, and the recipe that prepared it."""

    config: Config
    dataset: Dataset
    work_dir: Path


def prepared(work_dir: Path) -> Made:
    """60 users of a chain of 30 items, some of whom repeat one, stray, or have events at the same time."""
    log = work_dir / "log.csv"
    lines = ["user_id,item_id,timestamp"]
    for user in range(60):
        for step in range(4 + user % 9):
            item = (7 * user + step + (step * user % 11 == 5) * 13 - (step % 5 == 4)) % 30
            lines.append(f"u{user},item {item},{1_600_000_000 + 86_400 * user + 60 * (step - step % 3)}")
    log.write_text("\n".join(lines) + "\n")
    model = {
        "max_length": 8,
        "width": 8,
        "blocks": 1,
        "heads": 2,
        "feed_forward": 1,
        "memory": {"neighbours": 4, "newest": 3},
    }
    config = parse_config(
        {
            "data": {"path": str(log)},
            "prepare": {"k_core": 3},
            "model": model,
            "training": {"batch_size": 16, "learning_rate": 0.01, "seed": 3},
            "tracking": {"enabled": False},
        }
    )
    return Made(config, prepare(config, work_dir).artifact, work_dir)


def content_of(made: Made) -> str:
    """A digest of what a dataset says, whichever release of Parquet's library wrote it."""
    sequences, counts = made.dataset.sequences, made.dataset.counts
    arrays = (
        sequences.offsets, sequences.items, sequences.timestamps, sequences.train_end, sequences.validation_end
    )  # fmt: skip
    parts = [np.asarray(array, np.int64).tobytes() for array in arrays]
    parts += [json.dumps(sequences.users.tolist()).encode(), made.dataset.items.to_csv().encode()]
    parts.append(json.dumps(counts, sort_keys=True).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def learned(made: Made) -> dict[str, list[float]]:
    """The first losses, and the size of every weight after them: numbers, as processors round differently."""
    run = Run(made.work_dir / "run")
    run.checkpoint_dir.mkdir(parents=True)
    _, fit = Training(made.config, made.dataset, run, Workers()).search()
    losses = [float(loss) for epoch in (1, 2, 3) for loss in fit.steps(epoch)][:STEPS]
    sizes = [float(np.abs(variable.numpy()).mean()) for variable in fit.model.variables]
    return {"losses": losses, "weights": sizes}


def file_of(base: str) -> str:
    """A digest of the model file that given weights become."""
    config = ModelConfig(max_length=6, width=8, blocks=1, heads=2, memory=MemoryConfig(neighbours=4, newest=3))
    model = build_model(config, 21)
    random = np.random.default_rng(8)
    for variable in model.variables:
        if variable.trainable:
            variable.assign(random.normal(size=variable.shape))
    assert model.transitions is not None
    model.transitions.neighbours.assign(random.integers(1, 21, (21, 4)).astype(np.int32))
    model.transitions.counts.assign(random.integers(1, 9, (21, 4)).astype(np.float32))
    model.transitions.divisors.assign(np.full(21, 32, np.float32))
    content = TFLite().convert(model, Variant.parse(base, 3), 5, ("explain", "incremental"))
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return prepared(tmp_path_factory.mktemp("reuse"))


@pytest.fixture(scope="module")
def fixture() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FIXTURE.read_text())
    return found


def check(constant: str, same: bool, fixture: dict[str, Any]) -> None:
    """Content and constant change together."""
    anew = f"write {FIXTURE.name} anew: python -m tests.golden.test_reuse"
    if fixture[constant] != VERSIONS[constant]:
        pytest.fail(f"{constant} was raised from {fixture[constant]} to {VERSIONS[constant]}: {anew}")
    assert same, f"the same input makes another result: raise {constant}, then {anew}"


def test_prepare_makes_the_same_dataset(made: Made, fixture: dict[str, Any]) -> None:
    check("PREPARE_VERSION", content_of(made) == fixture["dataset"], fixture)


def test_training_learns_the_same(made: Made, fixture: dict[str, Any]) -> None:
    found, known = learned(made), fixture["run"]
    assert len(found["losses"]) == STEPS
    same = len(found["weights"]) == len(known["weights"]) and all(
        np.allclose(found[name], known[name], rtol=1e-4, atol=1e-5) for name in known
    )
    check("TRAINING_VERSION", same, fixture)


@pytest.mark.long
@pytest.mark.parametrize("base", ["float32", "int8", "int4"])
def test_export_writes_the_same_file(base: str, fixture: dict[str, Any]) -> None:
    check("EXPORT_VERSION", file_of(base) == fixture["bundle"][base], fixture)


def test_a_change_asks_for_the_constant(fixture: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"raise PREPARE_VERSION, then write reuse\.json anew"):
        check("PREPARE_VERSION", False, {**fixture, **VERSIONS})


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        one = prepared(Path(name))
        results = {"dataset": content_of(one), "run": learned(one)}
    results["bundle"] = {base: file_of(base) for base in ("float32", "int8", "int4")}
    FIXTURE.write_text(json.dumps({**VERSIONS, **results}, indent=1) + "\n")
