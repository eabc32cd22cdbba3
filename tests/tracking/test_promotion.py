"""The gate, on models that are good or bad by construction: everyone steps from film to film in order, and a model
either remembers those steps or does not."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient, MlflowException

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import find_dataset
from recsys.cli import main
from recsys.config.evaluation import EvaluationConfig
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ConfigError
from recsys.core.history import History
from recsys.evaluation.evaluate import EvaluationData, targets_of
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import save_model
from recsys.tracking.registry.champions import champions, roll_back
from recsys.tracking.registry.validation import push_right, ranks_in
from recsys.tracking.store.store import open_store

MODEL = TrackingConfig()
FORTY_USERS = ("--margin", "0.2")  # which is what forty users can show
REFIT = "leave_one_out+refit"


def promote(run, work_dir, capsys, *arguments) -> tuple[int, dict]:
    options = ["--work-dir", str(work_dir), "--variant", "float32", "--json", *(arguments or FORTY_USERS)]
    code = main(["promote", run.digest[:12], *options])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else {"error": shown.err}


def tags_of(work_dir, number) -> dict[str, str]:
    return open_store(MODEL, work_dir).client.get_model_version("recommender", number).tags


def champion_of(work_dir):
    return champions(open_store(MODEL, work_dir), "recommender").champion


def best_of(work_dir):
    return champions(open_store(MODEL, work_dir), "recommender").best


@pytest.mark.long
def test_the_gate_from_the_first_champion_to_a_rollback(trained, work_dir, capsys):
    good, other, bad = trained(knows=True), trained(knows=True, seed=2), trained(knows=False, seed=3)
    code, first = promote(good, work_dir, capsys)
    assert code == 0, first
    assert "the first, held against none" in tags_of(work_dir, first["version"])["gate.quality"]

    code, worse = promote(bad, work_dir, capsys)
    assert (code, worse["promoted"]) == (1, False)
    assert worse["reason"].startswith("quality: validation ndcg@10")
    tags = tags_of(work_dir, worse["version"])
    assert tags["gate.verdict"] == "refused"
    assert tags["gate.reason"] == worse["reason"]
    assert tags["gate.parity"].startswith("passed")
    assert champion_of(work_dir).number == first["version"]

    code, second = promote(other, work_dir, capsys)
    assert (code, second["champion_before"]) == (0, first["version"])
    assert champion_of(work_dir).number == second["version"]

    assert main(["promote", "--rollback", "--work-dir", str(work_dir), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"champion": first["version"], "rolled_back": second["version"]}
    assert champion_of(work_dir).number == first["version"]
    assert tags_of(work_dir, second["version"])["gate.verdict"] == "rolled back"
    assert main(["promote", "--rollback", "--work-dir", str(work_dir)]) == 2
    assert "nothing to go back to" in capsys.readouterr().err

    # One after the other, twice crowned: each rollback goes one step further back, and none goes round.
    assert promote(other, work_dir, capsys)[0] == 0
    assert promote(good, work_dir, capsys)[0] == 0
    code, again = promote(good, work_dir, capsys)
    assert code == 0
    assert "the champion already" in tags_of(work_dir, again["version"])["gate.quality"]
    assert promote(good, work_dir, capsys, "--max-size", "1KiB")[0] == 1
    assert champion_of(work_dir).number == first["version"]
    tags = tags_of(work_dir, first["version"])
    assert tags["gate.verdict"] == "promoted", "what the champion was crowned for stays on record"
    assert tags["gate.later_verdict"].startswith("refused: size")
    for expected in (second["version"], first["version"]):
        assert main(["promote", "--rollback", "--work-dir", str(work_dir)]) == 0
        assert champion_of(work_dir).number == expected
        assert tags_of(work_dir, expected)["gate.verdict"] == "promoted"
    assert main(["promote", "--rollback", "--work-dir", str(work_dir)]) == 2


@pytest.mark.long
def test_forty_users_are_too_few_for_the_default_margin(trained, work_dir, capsys):
    """Two models that rank alike: nothing speaks against the second, and nothing so small could."""
    assert promote(trained(knows=True), work_dir, capsys)[0] == 0
    code, verdict = promote(trained(knows=True, seed=2), work_dir, capsys, "--margin", "0.05")
    assert code == 1
    assert "too few for this margin" in verdict["reason"]
    (quality,) = (check for check in verdict["checks"] if check["name"] == "quality")
    assert quality["test"]["difference"] > -0.05
    assert quality["test"]["users"] == 40
    assert main(["promote", "toy", "--margin", "1.5", "--work-dir", str(work_dir)]) == 2
    assert "expected a share" in capsys.readouterr().err


@pytest.mark.long
def test_a_chain_of_small_losses_is_held_against_the_best_champion(trained, work_dir, capsys):
    """Refitted models: each is held to the validation ranks from before its refit, of 4,000 users.

    91 %, 88 % and 85 % of them have their target first: each step loses 3.4 % of the one before, the two 6.6 %.
    """
    best, second, third = (
        trained(knows=True, protocol=REFIT, quality=quality, users=4000) for quality in (0.91, 0.88, 0.85)
    )
    code, first = promote(best, work_dir, capsys, "--margin", "0.05")
    assert code == 0
    code, verdict = promote(second, work_dir, capsys, "--margin", "0.05")
    assert code == 0, verdict
    assert champion_of(work_dir).number == verdict["version"]
    assert best_of(work_dir).number == first["version"], "it was not shown to be better"

    code, verdict = promote(third, work_dir, capsys, "--margin", "0.05")
    passed = {check["name"]: check["passed"] for check in verdict["checks"]}
    assert (code, passed["quality"], passed["best"]) == (1, True, False)
    assert f"the best champion so far (version {first['version']})" in verdict["reason"]
    tags = tags_of(work_dir, verdict["version"])
    assert "the champion (version 2)" in tags["gate.quality"]
    assert tags["gate.best"].startswith("failed")

    better = trained(knows=True, protocol=REFIT, quality=0.95, users=4000)
    code, verdict = promote(better, work_dir, capsys, "--margin", "0.05")
    assert code == 0
    assert best_of(work_dir).number == verdict["version"]
    assert main(["promote", "--rollback", "--work-dir", str(work_dir)]) == 0
    assert (champion_of(work_dir).number, best_of(work_dir).number) == ("2", first["version"])


@pytest.mark.long
def test_a_refitted_run_is_held_only_against_runs_on_its_own_dataset(trained, work_dir, capsys):
    assert promote(trained(knows=True, protocol=REFIT), work_dir, capsys)[0] == 0
    code, error = promote(trained(knows=True, protocol=REFIT, content="tuesday"), work_dir, capsys)
    assert code == 2
    assert "promote a run without training.refit" in error["error"]


def test_models_of_two_protocols_are_not_held_together(trained, work_dir, capsys):
    assert promote(trained(knows=True), work_dir, capsys)[0] == 0
    code, verdict = promote(trained(knows=True, protocol=REFIT), work_dir, capsys, "--margin", "0.9")
    assert code == 1
    assert f"protocol: {REFIT}, the champion (version 1) leave_one_out" in verdict["reason"]


def test_budgets_refuse_with_their_numbers(trained, work_dir, capsys):
    run = trained(knows=True)
    code, verdict = promote(run, work_dir, capsys, "--max-size", "1KiB")
    assert code == 1
    assert verdict["reason"].startswith("size: ")
    assert "at most 1024 bytes allowed" in verdict["reason"]
    code, verdict = promote(run, work_dir, capsys, "--max-ms", "0.000001")
    assert code == 1
    assert verdict["reason"].startswith("latency: ")
    assert champion_of(work_dir) is None
    assert promote(run, work_dir, capsys)[0] == 0  # the same version, judged again


def test_a_bundle_of_other_weights_breaks_parity(trained, work_dir, capsys):
    """The bundle is whole and answers its own goldens, but it is not the model in the store."""
    impostor, run = trained(knows=True), trained(knows=False, seed=6, exported=False)
    (source,) = (work_dir / "bundles").glob("*/float32")
    manifest = json.loads((source / "manifest.json").read_text())
    assert manifest["run_digest"] == impostor.digest
    swapped = work_dir / "bundles" / "swapped" / "float32"
    shutil.copytree(source, swapped)
    (swapped / "manifest.json").write_text(json.dumps({**manifest, "run_digest": run.digest}))
    code, verdict = promote(run, work_dir, capsys)
    assert code == 1
    assert "scores differ from Keras'" in verdict["reason"]
    assert tags_of(work_dir, verdict["version"])["gate.parity"].startswith("failed")


def test_a_run_without_a_bundle_says_how_to_make_one(trained, work_dir, capsys):
    code, verdict = promote(trained(knows=True, exported=False), work_dir, capsys)
    assert code == 2
    assert "recsys export RUN makes one and sends it" in verdict["error"]


def test_a_model_of_another_vocabulary_is_scored_by_names(trained, work_dir, tmp_path):
    """A champion that knows the films in another order ranks exactly as it does on its own dataset."""
    run = trained(knows=True, exported=False)
    dataset = find_dataset(work_dir, run.manifest.dataset_digest)
    save_model(tmp_path / "model", run, dataset)
    recommender = Recommender(tmp_path / "model" / "data" / "recommender")
    own = ranks_in(recommender, dataset, targets_of(EvaluationData.of(dataset), "test"), EvaluationConfig())
    assert own.mean() < 2  # it remembers the steps

    shuffled = tmp_path / "shuffled"
    shutil.copytree(dataset.path, shuffled)
    order = np.random.default_rng(0).permutation(12)
    _renumber(shuffled, order)
    theirs = Dataset(shuffled)
    assert ranks_in(
        recommender, theirs, targets_of(EvaluationData.of(theirs), "test"), EvaluationConfig()
    ) == pytest.approx(own)


def _renumber(path, order) -> None:
    """Give the film at place ``order[i]`` the id ``i + 1``, in the items and in every sequence."""
    dataset = Dataset(path)
    items, new_id = dataset.items.copy(), np.argsort(order) + 1
    items["external_id"] = items["external_id"].to_numpy()[order]
    items.to_parquet(path / "items.parquet")
    (shard,) = (path / "sequences").glob("*.parquet")
    table = pq.read_table(shard)
    renumbered = [[int(new_id[item - 1]) for item in row] for row in table["items"].to_pylist()]
    column = pa.array(renumbered, table.schema.field("items").type)
    pq.write_table(table.set_column(table.schema.get_field_index("items"), table.schema.field("items"), column), shard)


def test_holes_close_towards_the_newest():
    assert push_right(History(np.array([[0, 5, 0, 7], [1, 2, 0, 0], [0, 0, 0, 0]], np.int32))).items.tolist() == [
        [0, 0, 5, 7],
        [0, 0, 1, 2],
        [0, 0, 0, 0],
    ]


def test_rolling_back_nothing_says_so(work_dir, tracking):
    with pytest.raises(ConfigError, match="has no champion"):
        roll_back(open_store(tracking, work_dir), "recommender", work_dir)


def test_no_version_claims_a_promotion_that_did_not_happen(trained, work_dir, capsys, monkeypatch):
    def refused(*_):
        raise MlflowException("the store is away")

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", refused)
    code, told = promote(trained(knows=True), work_dir, capsys)
    assert code == 1, told
    assert champion_of(work_dir) is None
    assert "gate.verdict" not in tags_of(work_dir, "1")
