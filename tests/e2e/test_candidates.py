"""Candidates for every user, found on Beam, against scores taken one user at a time."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.runners import Runner
from pipelines.score import SCORE_VERSION, score
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.artifacts.scores import SHARDS_DIR, Scores
from recsys.cli import main
from recsys.config.export import ExportConfig
from recsys.core.errors import ConfigError, DataError, RecsysError
from recsys.core.history import History
from recsys.evaluation.items.similar_items import nearest
from recsys.export import export
from recsys.export.embeddings import export_embeddings
from recsys.export.tflite.backend import TFLite
from recsys.models.loading import load_run
from recsys.scoring.filters import Filters
from tests.e2e.conftest import half_written, write_recipe

pytestmark = pytest.mark.long  # a model is trained for all of them
K = 7


@pytest.fixture(scope="module")
def trained(log: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Dataset, Path]:
    """A run that has seen little, its dataset in 3 shards, and their work directory."""
    directory = tmp_path_factory.mktemp("trained")
    work_dir = directory / "work"
    items = directory / "items.csv"
    pd.DataFrame({"item_id": [str(i) for i in range(20)], "region": ["north", "south|west"] * 10}).to_csv(
        items, index=0
    )
    recipe = write_recipe(directory, log)
    settings = ["training.epochs=1", "prepare.events_per_shard=230", f"data.items.path={items}"]
    settings += ["evaluation.filter_seen=true"]
    options = [option for setting in settings for option in ("--set", setting)]
    assert main(["train", str(recipe), "--work-dir", str(work_dir), *options]) == 0
    (run,), (dataset,) = ((work_dir / kind).glob("[!.]*") for kind in ("runs", "datasets"))
    assert Dataset(dataset).shards == 3
    return Run(run), Dataset(dataset), work_dir


@pytest.fixture(scope="module")
def expected(trained: tuple[Run, Dataset, Path]) -> dict[str, dict[str, float]]:
    """Each user's score of every item that it has not touched, by a model that is given one history at a time."""
    run, dataset, _ = trained
    model, sequences, found = load_run(run), dataset.sequences, {}
    names = dataset.vocabulary.external_ids
    for place, user in enumerate(sequences.users):
        history = sequences.items[sequences.offsets[place] : sequences.offsets[place + 1]]
        padded = np.zeros((1, model.config.max_length), np.int32)
        newest = history[-model.config.max_length :]
        padded[0, len(padded[0]) - len(newest) :] = newest
        scores = np.asarray(model.score_all(History(padded)))[0]
        found[user] = {name: float(scores[1 + i]) for i, name in enumerate(names) if 1 + i not in history}
    return found


def check(scores: Scores, expected: dict[str, dict[str, float]], k: int) -> None:
    """Each list has the best items, in their order, with their scores; and there is one for each user."""
    assert len(scores.table) == len(expected) == scores.manifest.lists
    for row in scores.verify().table.itertuples():
        best = sorted(expected[row.user_id].values(), reverse=True)[:k]
        np.testing.assert_allclose(row.scores, best, atol=1e-4, err_msg=row.user_id)
        assert [expected[row.user_id][item] for item in row.items] == pytest.approx(list(row.scores), abs=1e-4)


def test_everyone_gets_their_best_items(trained: Any, expected: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run, dataset, work_dir = trained
    arguments = ["score", str(run.path), str(dataset.path), "--k", str(K), "--work-dir", str(work_dir), "--json"]
    assert main([*arguments, "--workers", "2", "--progress", "json"]) == 0
    printed = capsys.readouterr()
    first = json.loads(printed.out)
    *told, counts = [json.loads(line) for line in printed.err.splitlines()]
    assert counts == {"stage": "score", "counts": {"lists": 60}}
    assert told[-1].items() >= {"step": "rank", "done": 3, "total": 3, "users": 60}.items()
    check(Scores(first["path"]), expected, K)
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {**first, "reused": True}


def test_only_what_is_there_tonight_and_may_be_shown(
    trained: Any, expected: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, dataset, work_dir = trained
    tonight = [str(i) for i in range(3, 15)]
    pd.DataFrame({"title": "?", "item_id": [*tonight, "brand-new"]}).to_csv(tmp_path / "tonight.csv", index=False)
    users = sorted(expected)
    pairs = [(user, item) for user in users[::2] for item in tonight[:4]]
    told = pd.DataFrame([*pairs, ("nobody", "3"), (users[0], "nothing")], columns=["user_id", "item_id"])
    told.to_parquet(tmp_path / "bought.parquet")
    homes = {user: ("north", "west", "nowhere")[i % 3] for i, user in enumerate(users[:-5])}
    pd.DataFrame(homes.items(), columns=["user_id", "region"]).to_csv(tmp_path / "homes.csv", index=False)
    filters = Filters(tmp_path / "tonight.csv", tmp_path / "bought.parquet", ("region", tmp_path / "homes.csv"))
    found = score(run, dataset, K, work_dir, filters=filters).artifact
    places = {"north": [str(i) for i in range(0, 20, 2)], "west": [str(i) for i in range(1, 20, 2)], "nowhere": []}
    everything = [str(i) for i in range(20)]
    narrowed = {
        user: {
            item: value
            for item, value in scores.items()
            if item in tonight and (user, item) not in pairs and item in places.get(homes.get(user, ""), everything)
        }
        for user, scores in expected.items()
    }
    check(found, narrowed, K)
    said = capsys.readouterr().err
    assert f"{filters.items}: left out, for the run has not met them: 1 of its items" in said
    assert f"{len(pairs):,} of the {len(pairs) + 2:,} pairs" in said
    met = sum(home != "nowhere" for home in homes.values())
    assert f"{met:,} of the {len(homes):,} users" in said
    assert f"{len(homes) - met:,} users have a region that no item shown has, and get empty lists" in said


@pytest.mark.parametrize("overwrite", [False, True])
def test_goes_on_where_an_attempt_ended_or_anew(
    overwrite: bool, trained: Any, expected: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    run, dataset, _ = trained
    from recsys.scoring import shards

    write, written = shards._write, []

    def stop_at_the_second(target: Path, *rest: Any) -> None:
        if len(written) == 1:
            raise RecsysError("the power failed")
        written.append(target.name)
        write(target, *rest)

    monkeypatch.setattr(shards, "_write", stop_at_the_second)
    with pytest.raises(RecsysError, match="the power failed"):
        score(run, dataset, K, tmp_path, runner=Runner(workers=1))
    (rest,) = half_written(tmp_path)
    assert [file.name for file in (rest / SHARDS_DIR).iterdir()] == written
    (rest / SHARDS_DIR / ".00001.parquet.tmp-killed").write_text("half a shard")

    anew: list[str] = []
    monkeypatch.setattr(shards, "_write", lambda target, *rest: (anew.append(target.name), write(target, *rest)))
    found = score(run, dataset, K, tmp_path, overwrite=overwrite, runner=Runner(workers=1)).artifact
    names = ["00000.parquet", "00001.parquet", "00002.parquet"]
    assert sorted(anew + ([] if overwrite else written)) == names
    assert sorted(found.manifest.files) == [f"{SHARDS_DIR}/{name}" for name in names]
    check(found, expected, K)
    assert not half_written(tmp_path)


def test_a_job_is_as_large_as_the_scores_to_be_made(trained: Any, tmp_path: Path, monkeypatch: Any) -> None:
    run, dataset, _ = trained
    sizes: list[int] = []
    monkeypatch.setattr("pipelines.score.SCORES", 1)
    monkeypatch.setattr("pipelines.score.run_pipeline", lambda build, runner, size: sizes.append(size))
    shown = tmp_path / "tonight.csv"
    shown.write_text("item_id\n3\n4\n")
    for filters in (None, Filters(items=shown)):
        with pytest.raises(FileNotFoundError, match=r"score\.json"):  # no part has run
            score(run, dataset, K, tmp_path, filters=filters)
    assert sizes == [60 * 20, 60 * 2]


def test_lists_of_related_items(trained: Any) -> None:
    run, dataset, work_dir = trained
    found = score(run, dataset, 3, work_dir, related=True).artifact
    names, vectors = dataset.vocabulary.external_ids, load_run(run).trained_items.vectors()[: len(dataset.items) + 1]
    assert found.manifest.of == "items"
    assert found.table["item_id"].tolist() == list(names)
    for number, row in enumerate(found.table.itertuples(), 1):
        rows, cosines = nearest(vectors, number, 3)
        assert list(row.items) == [names[one - 1] for one in rows]
        np.testing.assert_allclose(row.scores, cosines, atol=1e-5)


def test_files_that_cannot_narrow_anything_are_refused(trained: Any, tmp_path: Path) -> None:
    run, dataset, work_dir = trained
    table = tmp_path / "table.csv"
    for text, filters, error, message in (
        ("sku\n3\n", Filters(items=table), DataError, "has no column item_id, only sku"),
        ("item_id\nnew\n", Filters(items=table), DataError, "lists 1 items, none of which"),
        ("user_id\n3\n", Filters(exclude=table), DataError, "has no column item_id"),
        ("", Filters(match=("colour", table)), ConfigError, "no such column, only"),
        ("", Filters(items=tmp_path / "away.csv"), DataError, "away.csv: no such file"),
        ("user_id,region\nME,north\nME,west\n".replace("ME", dataset.sequences.users[0]),
         Filters(match=("region", table)), DataError, "has two values"),
    ):  # fmt: skip
        table.write_text(text)
        with pytest.raises(error, match=message):
            score(run, dataset, K, work_dir, filters=filters)
    with pytest.raises(ConfigError, match="related lists items"):
        score(run, dataset, K, work_dir, filters=Filters(exclude=table), related=True)


def test_another_way_to_rank_makes_other_lists(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run, dataset, work_dir = trained
    first = score(run, dataset, 3, work_dir).artifact
    monkeypatch.setattr("pipelines.score.SCORE_VERSION", 1 + SCORE_VERSION)
    other = score(run, dataset, 3, work_dir)
    assert not other.reused
    assert other.artifact.path != first.path
    assert other.artifact.manifest.version == 1 + first.manifest.version


def test_vectors_and_the_encoder_beside_them_give_attentions_scores(trained: Any) -> None:
    run, dataset, work_dir = trained
    config = recorded(ExportConfig, run, "export").model_copy(
        update={"variants": ("float32",), "signatures": ("encode",)}
    )
    target = export_embeddings(run, dataset, config, work_dir)
    assert export_embeddings(run, dataset, config, work_dir) == target
    (bundle,) = export(run, dataset, config, work_dir).artifact
    assert bundle.path.parent.name == target.name
    assert target.parent == work_dir / "embeddings"
    with pytest.raises(ConfigError, match="student-int8 has learned others"):
        export_embeddings(run, dataset, config.model_copy(update={"variants": ("student-int8",)}), work_dir)
    table = pq.read_table(target / "items.parquet")
    assert table["external_id"].to_pylist() == list(dataset.vocabulary.external_ids)
    vectors = np.stack(table["vector"].to_numpy(zero_copy_only=False))
    model = load_run(run)
    history = History(np.array([[0] * (model.config.max_length - 3) + [3, 1, 2]], np.int32))
    program = TFLite().load((bundle.path / bundle.manifest.model_file).read_bytes())
    query = program.run("encode", history=history.items)["embedding"][0]
    attention = np.asarray(model.score_parts(history)[0])[0]
    np.testing.assert_allclose(vectors @ query, attention[1 : len(vectors) + 1], atol=1e-4)
