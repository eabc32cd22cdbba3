"""On a log with a known answer, the model learns what there is to learn."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.log.synthetic.log import SyntheticLog
from tests.known_answer import best_ranks

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nearly_the_best_possible_ranking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, work_dir = SyntheticLog(users=600, items=80, mean_length=40, branching=6), tmp_path / "work"
    best = log.write(tmp_path / "log")["best"]["ndcg@10"]
    settings = [f"data.path={tmp_path / 'log' / 'events.csv'}", "tracking.enabled=false"]
    overrides = [part for setting in settings for part in ("--set", setting)]
    recipe = ROOT / "configs" / "synthetic.yaml"
    assert main(["train", str(recipe), "--work-dir", str(work_dir), "--json", *overrides]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["model"]["ndcg@10"] >= 0.95 * best

    # The ranks that the run kept, beside those of a ranker that knows the chain, on the very same targets.
    (dataset,) = map(Dataset, (work_dir / "datasets").iterdir())
    ranks = pd.read_parquet(Run(result["runs"][0]).ranks_file).query("split == 'test'")
    sequences = dataset.sequences
    users, positions = sequences.targets("test")
    external = np.array([0, *map(int, dataset.vocabulary.external_ids)])
    last, target = (external[sequences.items[at]] - 1 for at in (positions - 1, positions))
    ideal = pd.Series(
        best_ranks(log.chain, last.astype(np.int32), target.astype(np.int32)), index=sequences.users[users]
    )
    assert len(ranks) == len(ideal) == 600
    found = ranks.set_index("user_id")["rank"]
    assert ideal.mean() <= found.mean() <= 1.25 * ideal.mean()
