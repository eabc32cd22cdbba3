"""The whole way by ``recsys``' functions: what they make is what the commands find, and the other way round."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import recsys
from recsys.cli import main
from recsys.core.digests import sha256_file
from tests.e2e.conftest import write_recipe


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, log: Path
) -> tuple[Path, recsys.Config, recsys.Dataset, recsys.Run, list[recsys.Bundle]]:
    """A recipe beside its work directory, and the artifacts that the functions make of it."""
    directory = tmp_path_factory.mktemp("api")
    recipe = write_recipe(directory, log)
    config, work_dir = recsys.load_config(recipe, ["export.variants=[float32]"]), str(directory / "work")
    dataset = recsys.prepare(config, work_dir)
    run = recsys.train(config, dataset, work_dir)
    return recipe, config, dataset, run, recsys.export_bundles(run, dataset, config, work_dir)


@pytest.mark.long
def test_the_command_finds_what_the_functions_made(made, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, _, dataset, run, (bundle,) = made
    arguments = ["--work-dir", str(recipe.parent / "work"), "--set", "export.variants=[float32]", "--json"]
    assert main(["run", str(recipe), *arguments]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert printed.err.count("nothing changed, reused") == 3
    assert told["dataset_digest"] == dataset.digest
    assert told["runs"] == [str(run.path)]
    assert told["bundle"]["variants"] == recsys.describe_bundles([bundle])


def test_load_gives_each_kind_back(made) -> None:
    recipe, _, dataset, run, (bundle,) = made
    scores = recsys.score(run, dataset, 5, recipe.parent / "work")
    assert len(scores.table) == len(dataset.sequences)
    for artifact in (dataset, run, bundle, scores):
        again = recsys.load(artifact.path)
        assert type(again) is type(artifact)
        assert again.manifest == artifact.manifest


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What a command prints for programs."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_evaluating_again_gives_what_was_sealed(made, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, dataset, run, _ = made
    again = recsys.evaluate(run, dataset, anew=True)
    assert (again["split"], again["seed"], again["protocol"]) == ("test", 1, "leave_one_out")
    assert again["model"] == pytest.approx(run.metrics["model"])
    assert again["baselines"].keys() == run.metrics["baselines"].keys()
    for name, metrics in run.metrics["baselines"].items():
        assert again["baselines"][name] == pytest.approx(metrics)
    sealed = recsys.evaluate(run, dataset)
    assert sealed["model"] == run.metrics["model"]
    assert again.keys() == sealed.keys()
    anew = told(capsys, "evaluate", run.path, "--dataset", dataset.path)
    assert anew["model"]["ndcg@10"] == pytest.approx(again["model"]["ndcg@10"])
    assert anew["model"]["ndcg@10_std"] is None, "one seed says nothing of its spread"


def test_each_figure_says_its_split(made, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, dataset, run, _ = made
    ranks = pd.read_parquet(run.ranks_file)
    for split in ("validation", "test"):
        values = told(capsys, "evaluate", run.path, "--split", split, "--segments")
        own = ranks[ranks["split"] == split]["rank"]
        assert (values["split"], values["targets"], values["users"]) == (split, len(own), len(own))
        assert values["model"]["hr@10"] == (own <= 10).mean()
        assert (
            recsys.evaluate(run, dataset, split)["baselines"]["markov"]["mrr"] == values["baselines"]["markov"]["mrr"]
        )
        for segments in values["segments"].values():
            assert sum(one["targets"] for one in segments.values()) == len(own)
            hits = sum(one["targets"] * one["model"]["hr@10"]["mean"] for one in segments.values())
            assert hits == pytest.approx((own <= 10).sum())
            assert all(one["baselines"].keys() == values["baselines"].keys() for one in segments.values())
    assert main(["evaluate", str(run.path), "--split", "validation", "--segments"]) == 0
    printed = capsys.readouterr().out
    assert "validation items" in printed
    assert "kind of validation item" in printed


def test_another_baseline_and_cut_off_retrain_nothing(made, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, config, dataset, run, _ = made
    before = {path: sha256_file(path) for path in run.path.rglob("*") if path.is_file()}
    command = ["train", recipe, "--work-dir", recipe.parent / "work"]
    more = ["--set", "evaluation.ks=[10, 3]", "--set", "evaluation.baselines=[markov, ease]"]
    values = told(capsys, *command, *more)
    assert values["runs"] == [str(run.path)]
    assert set(values["baselines"]) == {"markov", "ease"}
    assert values["model"]["hr@3"] == (pd.read_parquet(run.ranks_file).query("split == 'test'")["rank"] <= 3).mean()
    assert {path: sha256_file(path) for path in before} == before
    assert told(capsys, *command, *more) == values
    other = recsys.load_config(recipe, ["evaluation.ks=[10, 3]", "evaluation.baselines=[markov, ease]"])
    assert recsys.train(other, dataset, recipe.parent / "work").path == run.path
    assert (
        recsys.evaluate(run, dataset, config=other)["baselines"]["ease"]["hr@3"] == values["baselines"]["ease"]["hr@3"]
    )
    assert "ease" not in recsys.evaluate(run, dataset, config=config)["baselines"]


def test_lists_are_what_the_ranks_say(made, tmp_path: Path) -> None:
    _, _, dataset, run, _ = made
    file, page = tmp_path / "lists.parquet", tmp_path / "users.html"
    someone = str(dataset.sequences.users[3])
    written = ["--lists", str(file), "--top", "4", "--html", str(page), "--users", someone]
    assert main(["evaluate", str(run.path), *written]) == 0
    assert f"<h2>User {someone}</h2>" in page.read_text()
    lists, ranks = pd.read_parquet(file), pd.read_parquet(run.ranks_file).query("split == 'test'")
    columns = ["run", "seed", "split", "user_id", "target", "timestamp", "rank", "history", "items", "scores"]
    assert list(lists.columns) == columns
    assert lists["rank"].tolist() == pytest.approx(ranks["rank"].tolist())
    sequences, names = dataset.sequences, [None, *dataset.vocabulary.external_ids]
    for number, row in lists.iterrows():
        start, end = sequences.offsets[number : number + 2]
        walked = [names[item] for item in sequences.items[start:end]]
        assert [*row["history"], row["target"]] == walked[-51:]
        assert row["timestamp"] == sequences.timestamps[end - 1]
        assert len(row["items"]) == len(row["scores"]) == 4
        assert list(row["scores"]) == sorted(row["scores"], reverse=True)
        assert (row["target"] in row["items"]) == (row["rank"] <= 4)


def test_the_manifest_names_the_command(made) -> None:
    *_, run, _ = made
    assert run.manifest.command is not None
    program = Path(sys.argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.name  # python -m pytest, or pytest
    assert run.manifest.command.split()[0] == name


def test_a_dataset_of_other_settings_is_refused(made) -> None:
    recipe, _, dataset, _, _ = made
    other = recsys.load_config(recipe, ["prepare.k_core=2"])
    with pytest.raises(recsys.ConfigError, match="k_core"):
        recsys.train(other, dataset, recipe.parent / "work")


def test_a_trained_model_ranks_as_its_bundle_does(made) -> None:
    *_, dataset, run, (bundle,) = made
    model, reranker = recsys.load_model(run), recsys.Reranker(bundle.path)
    items = list(dataset.vocabulary.external_ids)
    event = recsys.Event(items[0], 1)
    scores = model.score_all(reranker.encode_history([event])).numpy()[0]
    ranked = {one.item: one.score for one in reranker.rerank([event], items)}
    assert [ranked[item] for item in items] == pytest.approx(scores[1 : len(items) + 1].tolist(), abs=1e-3)
