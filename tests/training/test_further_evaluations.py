"""Other cut-offs and baselines: measured beside a sealed run, which they neither change nor train again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.config.evaluation import EvaluationConfig
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError, ConfigError
from recsys.core.schema import MANIFEST
from recsys.evaluation.metrics import hit_rate, ndcg
from recsys.evaluation.reporting import of_split, report
from recsys.training.stage import config_digest, run_of, train

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=[False, True], ids=["search", "refit"])
def config(request: pytest.FixtureRequest, config: Config) -> Config:
    return parse_config({**config.to_json(), "training": {**config.to_json()["training"], "refit": request.param}})


@pytest.fixture(scope="module")
def run(config: Config, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(config, dataset, tmp_path_factory.mktemp("work")).artifact


def files(run: Run) -> dict[str, str]:
    inside = [path for path in run.path.rglob("*") if path.is_file() and run.evaluations_dir not in path.parents]
    return {str(path): sha256_file(path) for path in inside}


@pytest.mark.parametrize("change", [{"ks": (10, 50)}, {"baselines": ()}, {"baselines": ("ease",)}, {"batch_size": 7}])
def test_how_a_run_is_reported_is_no_part_of_what_it_is(
    config: Config, dataset: Dataset, run: Run, change: dict[str, object]
) -> None:
    other = config.model_copy(update={"evaluation": config.evaluation.model_copy(update=change)})
    assert config_digest(other, dataset.digest) == config_digest(config, dataset.digest)
    again = train(other, dataset, run.path.parents[1])
    assert again.reused
    assert again.artifact.path == run.path


@pytest.mark.parametrize("change", [{"filter_seen": False}, {"validation_users": 9}])
def test_what_chooses_the_epoch_is(config: Config, dataset: Dataset, change: dict[str, object]) -> None:
    other = config.model_copy(update={"evaluation": config.evaluation.model_copy(update=change)})
    assert run_of(other, dataset, Path()).path != run_of(config, dataset, Path()).path


def test_what_is_sealed_is_taken_and_nothing_more_is_told(config: Config, dataset: Dataset, run: Run) -> None:
    whole = report(run, dataset, config.evaluation)
    assert whole.reused
    assert whole.artifact == run.metrics
    less = report(run, dataset, EvaluationConfig(ks=(10,), baselines=("markov",)))
    assert less.reused
    told = less.artifact
    assert set(told["baselines"]) == set(told["validation_baselines"]) == {"markov"}
    for values in (told["model"], told["validation"], told["baselines"]["markov"]):
        assert "ndcg@10" in values
        assert not {"ndcg@5", "hr@20"} & values.keys()
    assert told["model"]["diversity@10"] == run.metrics["model"]["diversity@10"]


def test_another_baseline_is_what_it_would_have_been_from_the_start(
    config: Config, dataset: Dataset, run: Run, tmp_path: Path
) -> None:
    before = files(run)
    settings = EvaluationConfig(ks=(3, 10), baselines=("markov", "item_knn"))
    first = report(run, dataset, settings)
    assert not first.reused
    second = report(run, dataset, EvaluationConfig(ks=(10, 3), baselines=("item_knn", "markov")))
    assert second.reused, "the same settings in another order"
    assert second.artifact == first.artifact
    assert files(run) == before, "the run is not what it was sealed as"
    run.verify()

    fresh = train(config.model_copy(update={"evaluation": settings}), dataset, tmp_path).artifact
    for key in ("model", "validation", "baselines", "validation_baselines", "counted", "segments", "epochs"):
        assert first.artifact[key] == fresh.metrics[key], key
    kept, sealed = (pd.read_parquet(one.baseline_files()["item_knn"]) for one in (run, fresh))
    pd.testing.assert_frame_equal(kept, sealed)


def test_a_test_that_is_read_later_is_what_it_would_have_been(
    config: Config, dataset: Dataset, run: Run, tmp_path: Path
) -> None:
    later = train(config, dataset, tmp_path, read_test=False).artifact
    assert later.path.name == run.path.name, "when the test is read is no part of what a run is"
    assert not later.is_test_read
    assert set(pd.read_parquet(later.ranks_file)["split"]) == {"validation"}
    assert not {"model", "baselines", "segments"} & later.metrics.keys()
    seen = report(later, dataset, config.evaluation, ("validation",))
    assert seen.reused
    assert seen.artifact["validation"] == run.metrics["validation"]
    assert not later.is_test_read

    sealed = files(later)
    assert not report(later, dataset, config.evaluation).reused
    assert files(later) == sealed
    assert later.is_test_read
    assert later.measured.metrics == run.metrics
    pd.testing.assert_frame_equal(pd.read_parquet(later.measured.ranks_file), pd.read_parquet(run.ranks_file))
    for name in config.evaluation.baselines:
        found, sealed_with = (pd.read_parquet(one.baseline_files()[name]) for one in (later, run))
        pd.testing.assert_frame_equal(found, sealed_with)
    assert report(later, dataset, config.evaluation).reused
    other = EvaluationConfig(ks=(3, 10), baselines=("ease", "markov"))
    assert report(later, dataset, other).artifact == report(run, dataset, other).artifact


def test_a_test_is_read_by_all_that_the_run_was_sealed_with(config: Config, dataset: Dataset, tmp_path: Path) -> None:
    """Whoever reads it first, by however little, others find what they were promised."""
    later = train(config, dataset, tmp_path, read_test=False).artifact
    first = report(later, dataset, EvaluationConfig(ks=(10,), baselines=("ease",))).artifact
    assert set(first["baselines"]) == {"ease"}
    assert {*config.evaluation.baselines, "ease"} == set(later.measured.metrics["baselines"])
    assert report(later, dataset, config.evaluation).reused
    for name, file in later.baseline_files().items():
        assert set(pd.read_parquet(file)["split"]) == {"validation", "test"}, name


def test_figures_are_those_of_the_kept_ranks(dataset: Dataset, run: Run) -> None:
    metrics = report(run, dataset, EvaluationConfig(ks=(10, 2), baselines=("popularity", "ease"))).artifact
    for name, file in [(None, run.ranks_file), *run.baseline_files().items()]:
        ranks = pd.read_parquet(file)
        for split in ("validation", "test"):
            told = of_split(metrics, split)
            if name is not None and name not in told["baselines"]:
                continue
            own = ranks.loc[ranks["split"] == split, "rank"].to_numpy()
            figures = told["model"] if name is None else told["baselines"][name]
            assert figures["hr@2"] == hit_rate(own, 2).mean()
            assert figures["ndcg@10"] == ndcg(own, 10).mean()
            assert (told["split"], told["targets"], told["users"]) == (split, len(own), len(dataset.sequences))


def test_baselines_see_what_the_model_was_trained_on(config: Config, dataset: Dataset, run: Run) -> None:
    """Popularity's test ranks by hand: counts of the training events, of validation's where the model was refitted."""
    sequences = dataset.sequences
    ends = sequences.bounds("validation" if config.training.refit else "train")[1]
    events = [sequences.items[start:end] for start, end in zip(sequences.offsets[:-1], ends, strict=True)]
    counts = np.bincount(np.concatenate(events), minlength=21).astype(float)
    counts[0] = -np.inf
    ranks = pd.read_parquet(run.baseline_files()["popularity"]).query("split == 'test'")
    for number, (user, target, rank) in enumerate(zip(ranks["user_id"], ranks["target"], ranks["rank"], strict=True)):
        assert user == sequences.users[number]
        scores = counts.copy()
        seen = sequences.items[sequences.offsets[number] : sequences.offsets[number + 1] - 1]
        scores[[item for item in seen if item != target]] = -np.inf
        better, level = (scores > counts[target]).sum(), (scores == counts[target]).sum()
        assert rank == better + (level + 1) / 2


def test_what_was_kept_of_other_weights_is_measured_again(dataset: Dataset, run: Run) -> None:
    settings = EvaluationConfig(ks=(10, 4))
    report(run, dataset, settings)
    (kept,) = (one for one in run.evaluations if one.manifest.ks == [4, 10])
    file = kept.path / MANIFEST
    file.write_text(file.read_text().replace(run.weights_digest, "0" * 64))
    assert not report(run, dataset, settings).reused
    assert report(run, dataset, settings).reused
    kept.metrics_file.write_text("{}")
    with pytest.raises(ArtifactError, match=r"metrics\.json: SHA-256"):
        report(run, dataset, settings)


def test_rankings_of_another_kind_are_refused(dataset: Dataset, run: Run) -> None:
    with pytest.raises(ConfigError, match=r"evaluation\.filter_seen is False here and True in"):
        report(run, dataset, EvaluationConfig(filter_seen=False))


def test_another_dataset_is_refused(run: Run, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dataset, "digest", "another")
    with pytest.raises(ArtifactError, match="trained on dataset"):
        report(run, dataset, EvaluationConfig(ks=(10, 7)))
