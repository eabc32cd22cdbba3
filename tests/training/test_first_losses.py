"""The first losses of two recipes, as they were when the layout of the code was last changed.

Moving code must not move a number: a refactoring that changes one of these has changed what is learned. After a change
that is meant to, write them anew:

    python -m tests.training.test_first_losses WORK_DIR [AMAZON_BEAUTY_EVENTS]
"""

import json
import os
import sys
from itertools import chain, count, islice
from pathlib import Path

import numpy as np
import pytest

from recsys.config import load_config

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "golden" / "first_losses.json"
STEPS = 100
# Settings that a recipe had when the layout was last changed, and that have been chosen anew since.
BEFORE = {
    "amazon-beauty": [
        "model.dropout=0.3",
        "model.memory.window=5",
        "model.memory.window_decay=1",
        "model.memory.normalization=1",
        "training.epochs=20",
    ]
}
BEAUTY = os.environ.get("AMAZON_BEAUTY_EVENTS", str(ROOT.parent / "shared/data/amazon-beauty/events.csv.gz"))


def first_losses(recipe: str, work_dir: Path, log: str | None = None) -> list[float]:
    """The losses of the first ``STEPS`` steps of ``configs/RECIPE.yaml``, with the settings that it had before."""
    from pipelines.prepare import prepare
    from recsys.artifacts.run import Run
    from recsys.training.phases import Training
    from recsys.training.workers import Workers

    changes = [*BEFORE.get(recipe, []), *([] if log is None else [f"data.path={log}"])]
    config = load_config(ROOT / "configs" / f"{recipe}.yaml", changes)
    dataset = prepare(config, work_dir).artifact
    run = Run(work_dir / "losses" / recipe)
    run.checkpoint_dir.mkdir(parents=True)
    _, fit = Training(config, dataset, run, Workers()).search()
    steps = chain.from_iterable(fit.steps(epoch) for epoch in count(1))
    return [float(loss) for loss in islice(steps, STEPS)]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["movielens-100k", "amazon-beauty"])
def test_the_first_losses_are_those_of_the_fixture(recipe: str, tmp_path: Path) -> None:
    log = None
    if recipe == "amazon-beauty":
        log = BEAUTY
        if not Path(log).exists():
            pytest.skip(f"{log} is not there; AMAZON_BEAUTY_EVENTS names the file")
    found, expected = first_losses(recipe, tmp_path, log), json.loads(FIXTURE.read_text())[recipe]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


if __name__ == "__main__":
    work, logs = Path(sys.argv[1]), {"amazon-beauty": sys.argv[2]} if len(sys.argv) > 2 else {}
    found = {recipe: first_losses(recipe, work, logs.get(recipe)) for recipe in ("movielens-100k", *logs)}
    FIXTURE.write_text(json.dumps(found, indent=1) + "\n")
