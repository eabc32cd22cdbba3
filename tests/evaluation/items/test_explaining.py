"""Why by feature: of a chain that goes by one feature, that one is named, whatever else the table says."""

import json
from typing import NamedTuple

import numpy as np
import pytest

import recsys
from recsys.cli import main
from recsys.core.errors import DataError
from recsys.evaluation.items.explaining import Explainer
from tests.chain_of_categories import CATEGORIES, COLD, WARM, chain_config, write_chain

SHELVES = 5
TABLE = {f"{c}-{n}": (f"kind {c}", f"shelf {n % SHELVES}") for c in range(CATEGORIES) for n in range(16)}


class Told(NamedTuple):
    """A run and its dataset."""

    run: recsys.Run
    dataset: recsys.Dataset


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("told")
    write_chain(folder, users=200)
    random = np.random.default_rng(2)
    rows = [f"{item},{kind},{shelf},{random.integers(90)}" for item, (kind, shelf) in TABLE.items()]
    (folder / "items.csv").write_text("\n".join(["item_id,kind,shelf,grams", *rows]) + "\n")
    raw = chain_config(folder, {"kind": "category", "shelf": "category", "grams": "number"}).to_json()
    raw["data"]["items"]["title"] = None
    raw["training"]["epochs"] = 6
    config = recsys.parse_config(raw)
    dataset = recsys.prepare(config, folder / "work")
    return Told(recsys.train(config, dataset, folder / "work"), dataset)


@pytest.mark.long
def test_what_a_score_is_made_of_adds_up(told: Told) -> None:
    explained = recsys.explain(told.run, told.dataset, "u7", [*TABLE])
    for one in explained:
        parts = one.average + one.own + one.memory + sum(one.features.values())
        assert parts == pytest.approx(one.score, abs=1e-4)
        assert one.memory == pytest.approx(0.0, abs=1e-4)
        assert list(one.features.values()) == sorted(one.features.values(), reverse=True)
    assert len({one.average for one in explained}) == 1
    for name in ("kind", "shelf", "grams"):
        assert np.mean([one.features[name] for one in explained]) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.long
def test_without_the_feature_that_is_named_a_score_falls_more_than_without_another(told: Told) -> None:
    """Of each item that is best for a user; a feature is taken away in the model's own table."""
    explainer, random = Explainer(told.run, told.dataset), np.random.default_rng(1)
    model, vocabulary = explainer.model, told.dataset.vocabulary
    users = random.permutation(told.dataset.sequences.users)[:20]
    names, layers = list(explainer.encoders), explainer.items.features
    by_kind: list[bool] = []
    falls: dict[str, list[float]] = {"named": [], "another": []}
    for user in users:
        history = explainer._history(user)
        best = int(model.score_all(history)[0, 1 : len(vocabulary) + 1].numpy().argmax()) + 1
        ((named, *others),) = [[*one.features] for one in explainer(user, [vocabulary.external_ids[best - 1]])]
        candidate = np.array([[best]], np.int32)
        before = float(model.score(history, candidate)[0, 0])
        for whose, name in (("named", named), ("another", str(random.choice(others)))):
            layer = layers[names.index(name)]
            kept = layer.rows.numpy()
            blank = kept.copy()
            blank[best] = 0
            layer.rows.assign(blank)
            falls[whose].append(before - float(model.score(history, candidate)[0, 0]))
            layer.rows.assign(kept)
        by_kind.append(named == "kind")
    assert np.mean(by_kind) > 0.9, "the chain goes by it"
    assert np.mean(falls["named"]) > 3 * np.mean(np.abs(falls["another"]))
    assert np.mean(np.array(falls["named"]) > np.abs(falls["another"])) > 0.9


@pytest.mark.long
def test_an_event_is_named_with_what_both_items_share(told: Told) -> None:
    explainer = Explainer(told.run, told.dataset)
    cold = [f"{c}-{n}" for c in range(CATEGORIES) for n in range(WARM, WARM + COLD)]
    seen = 0
    for one in explainer("u3", cold, most=5):
        attributions = [because.attribution for because in one.because]
        assert attributions == sorted(attributions, reverse=True)
        assert all(value > 0 for value in attributions)
        for because in one.because:
            both = dict(zip(("kind", "shelf"), zip(TABLE[because.item], TABLE[one.item], strict=True), strict=True))
            expected = {name: (ours,) for name, (ours, theirs) in both.items() if ours == theirs}
            assert {name: values for name, values in because.shared.items() if name != "grams"} == expected
            seen += bool(expected)
    assert seen


@pytest.mark.long
def test_who_is_not_there_cannot_be_explained(told: Told) -> None:
    explainer = Explainer(told.run, told.dataset)
    with pytest.raises(DataError, match="has no user 'nobody'"):
        explainer("nobody", ["0-0"])
    with pytest.raises(DataError, match="has no item 'nothing'"):
        explainer("u3", ["0-0", "nothing"])


@pytest.mark.long
def test_a_history_that_is_given_is_explained_as_the_user_who_has_it(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    sequences = told.dataset.sequences
    (row,) = np.flatnonzero(sequences.users == "u3")
    names = [
        told.dataset.vocabulary.external_ids[item - 1]
        for item in sequences.items[sequences.offsets[row] : sequences.offsets[row + 1]]
    ]
    asked = ["explain", str(told.run.path), "--items", "0-0", f"3-{WARM}"]
    found = []
    for whose in (["--user", "u3"], ["--history", *names, "nothing"]):
        assert main([*asked, *whose, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["explained"] == found[1]["explained"]
    assert [one["user"] for one in found] == ["u3", None]
    assert [one["unknown_items"] for one in found] == [[], ["nothing"]]
    expected = recsys.explain(told.run, told.dataset, "u3", ["0-0", f"3-{WARM}"])
    assert [one["score"] for one in found[0]["explained"]] == [one.score for one in expected]
    assert main([*asked, "--user", "u3"]) == 0
    assert "after user u3" in capsys.readouterr().out
    assert main([*asked, "--user", "nobody"]) == 3
    assert "has no user 'nobody'" in capsys.readouterr().err
