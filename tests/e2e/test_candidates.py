"""Candidates for every user, found on Beam, against scores taken one user at a time."""

import json
from pathlib import Path

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.artifacts.scores import Scores
from recsys.cli import main
from recsys.core.history import History
from recsys.models.loading import load_run
from tests.e2e.conftest import write_recipe

K = 7


@pytest.mark.long
@pytest.mark.parametrize("filter_seen", ["true", "false"])
def test_everyone_gets_their_best_items(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], filter_seen: str
) -> None:
    recipe, work_dir = write_recipe(tmp_path, log), tmp_path / "work"
    options = ["--work-dir", str(work_dir), "--json"]
    settings = ["--set", f"evaluation.filter_seen={filter_seen}", "--set", "training.epochs=1"]
    assert main(["train", str(recipe), *options, *settings]) == 0
    (path,) = json.loads(capsys.readouterr().out)["runs"]
    (dataset_path,) = (work_dir / "datasets").iterdir()
    arguments = ["score", path, str(dataset_path), "--k", str(K), *options]
    assert main([*arguments, "--workers", "2"]) == 0
    first = json.loads(capsys.readouterr().out)
    scores, dataset = Scores(first["path"]).verify(), Dataset(dataset_path)
    assert first["users"] == len(scores.table) == len(dataset.sequences)

    model, sequences = load_run(Run(path)), dataset.sequences
    names = np.array(["", *dataset.vocabulary.external_ids])
    places = {user: place for place, user in enumerate(sequences.users)}
    for row in scores.table.itertuples():
        place = places[row.user_id]
        history = sequences.items[sequences.offsets[place] : sequences.offsets[place + 1]]
        padded = np.zeros((1, model.config.max_length), np.int32)
        newest = history[-model.config.max_length :]
        padded[0, len(padded[0]) - len(newest) :] = newest
        own = np.asarray(model.score_all(History(padded)))[0].astype(float)
        own[0] = -np.inf
        if filter_seen == "true":
            own[history] = -np.inf
        best = [item for item in np.argsort(-own, kind="stable")[:K] if np.isfinite(own[item])]
        np.testing.assert_allclose(row.scores, own[best], atol=1e-4, err_msg=row.user_id)
        assert len(row.items) == len(best)
        assert [own[list(names).index(item)] for item in row.items] == pytest.approx(list(row.scores), abs=1e-4)

    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {**first, "reused": True}
