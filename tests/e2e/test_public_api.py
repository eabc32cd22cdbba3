"""The whole way by ``recsys``' functions: what they make is what the commands find, and the other way round."""

import json
from pathlib import Path

import pytest

import recsys
from recsys.cli import main
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


def test_evaluating_again_gives_what_was_sealed(made, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, dataset, run, _ = made
    again = recsys.evaluate(run, dataset)
    assert (again["split"], again["seed"], again["protocol"]) == ("test", 1, "leave_one_out")
    assert again["model"] == pytest.approx(run.metrics["model"])
    assert again["baselines"].keys() == run.metrics["baselines"].keys()
    for name, metrics in run.metrics["baselines"].items():
        assert again["baselines"][name] == pytest.approx(metrics)
    assert recsys.evaluate(run, dataset, "validation")["model"] != again["model"]
    assert main(["evaluate", str(run.path), "--dataset", str(dataset.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"]["ndcg@10"] == pytest.approx(again["model"]["ndcg@10"])


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
