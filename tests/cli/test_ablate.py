"""``recsys ablate`` over runs that are finished already, which it finds by their digests and does not train again."""

import json
from pathlib import Path

import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.config import load_config
from recsys.training.stage import config_digest, run_of
from tests import facts
from tests.experiments.runs import sealed
from tests.tracking.conftest import make_dataset

WITHOUT = {"model.memory=null": 12, "model.blocks=1": 9}


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The recipe and two arms, two seeds each: first places among 40 by arm and seed."""
    recipe = tmp_path / "shop.yaml"
    recipe.write_text("data: {path: log.csv}\ntracking: {enabled: false}\n")
    make_dataset(tmp_path / "dataset")
    dataset = Dataset(tmp_path / "dataset")
    for arm, first in {"": 10, **WITHOUT}.items():
        for seed in (1, 2):
            config = load_config(recipe, [*([arm] if arm else []), f"training.seed={seed}"])
            about = {
                "seed": seed,
                "config_digest": config_digest(config, dataset.digest),
                "dataset_digest": dataset.digest,
            }
            path = run_of(config, dataset, tmp_path / "work").path
            run = Run.create(path, config.to_json(), {**facts.RUN, "digest": path.name, **about})
            sealed(run, 0.2 + (arm == "model.blocks=1") / 10, [1.0] * (first + seed) + [99.0] * (40 - first - seed))
    drops = [word for arm in WITHOUT for word in ("--drop", arm)]
    work = ["--work-dir", str(tmp_path / "work"), "--dataset", str(tmp_path / "dataset")]
    return ["ablate", str(recipe), *drops, "--seeds", "1,2", *work]


def test_the_table_has_a_row_an_arm(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert err.count("nothing changed, reused") == 6
    rows = [line for line in out.splitlines() if "±" in line and "│" in line]
    assert [line.split("│")[1].strip() for line in rows] == ["the recipe", "model.memory=null", "model.blocks=1 ★"]
    # 11 and 12 of 40 are first, then 13 and 14, then 10 and 11; the best on validation is the worst on test
    assert [f"0.{mean}" in row for mean, row in zip((2875, 3375, 2625), rows, strict=True)] == [True] * 3
    assert "+0.0500" in rows[1]
    assert "-0.0250" in rows[2]


def test_programs_get_the_same(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["metric"], found["protocol"], found["chosen"]) == ("ndcg@10", "leave_one_out", "model.blocks=1")
    recipe, memory, _ = found["arms"]
    assert "against_baseline" not in recipe
    assert memory["against_baseline"]["difference"] == pytest.approx(2 / 40)
    assert memory["against_baseline"]["users"] == 40
    assert memory["validation"] == {"mean": 0.2, "std": 0.0, "interval": [0.2, 0.2]}
    assert recipe["metrics"]["ndcg@10"]["mean"] == pytest.approx(11.5 / 40)
    assert recipe["seeds"] == [1, 2]


def test_a_setting_that_does_not_exist_is_usage(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--drop", "model.memry"]) == 2
    assert "no such setting in this recipe" in capsys.readouterr().err
