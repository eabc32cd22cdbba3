"""Every variant of a small model: parity on export, refusal beyond it, and replay by the device's own code."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from recsys.bundle import Bundle
from recsys.config.export import ExportConfig
from recsys.core.errors import ConfigError, RecsysError
from recsys.core.history import History
from recsys.core.schema import MANIFEST
from recsys.export.exporter import Exporter
from recsys.export.judge import VariantRefused
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from serving.reranker import Reranker

CONFIG = ExportConfig(candidates=20, memory_neighbours=6, max_quality_loss=0.9)
SIGNATURES = ("encode", "score_all", "top_k", "explain")
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("float16", "int4", "pq", "int8-m0", "float32-m2")]


@pytest.fixture(scope="session")
def exporter(model, dataset):
    return Exporter(model, dataset, CONFIG, "r" * 32, filter_seen=True)


@pytest.fixture(scope="session")
def rich(model, dataset, tmp_path_factory):
    """The float32 bundle with every signature."""
    path = tmp_path_factory.mktemp("rich")
    config = CONFIG.model_copy(update={"signatures": SIGNATURES})
    Exporter(model, dataset, config, "r" * 32, filter_seen=True).write(Variant.parse("float32", 6), path)
    return Bundle(path)


@pytest.mark.parametrize("name", ["int8", *SLOW])
def test_goldens_replay_through_the_reranker(name, exporter, tmp_path):
    exporter.write(Variant.parse(name, CONFIG.memory_neighbours), tmp_path)
    reranker = Reranker(tmp_path)
    cases = reranker.bundle.golden()
    assert [reranker.mismatch(case) for case in cases] == [None] * len(cases)
    assert any(not case.history for case in cases)
    assert any(None in case.scores for case in cases)


def test_float32_scores_are_keras(exporter, model, rich):
    for case, inputs in zip(rich.golden(), exporter.judge.inputs, strict=True):
        scores = model.score(History(inputs["history"]), inputs["candidates"]).numpy()[0]
        known = [(found, scores[i]) for i, found in enumerate(case.scores) if found is not None]
        np.testing.assert_allclose(*zip(*known, strict=True), atol=1e-4)


def test_float32_quality_is_keras_on_either_split(rich, dataset):
    measured = rich.manifest.measured
    for split in ("validation", "test"):
        found = measured[split]
        assert (found["targets"], found["users"]) == (80, 80)
        assert found["ndcg@10"] == pytest.approx(found["keras"]["ndcg@10"], abs=1e-9)
    assert measured["validation"]["mrr"] != measured["test"]["mrr"]


@pytest.mark.long
def test_validation_targets_decide_and_test_targets_are_only_told(model, dataset, tmp_path):
    """Whatever the last events are, the same variants are refused, and all but what test is told of is the same."""
    sequences = dataset.sequences
    items, (_, last) = sequences.items.copy(), sequences.targets("test")
    items[last] = np.random.default_rng(9).permutation(items[last])
    other = copy.copy(dataset)
    vars(other)["sequences"] = replace(sequences, items=items)  # where the cached property keeps them
    found: dict[str, list] = {"seen": [], "told": [], "refused": []}
    for number, one in enumerate((dataset, other)):
        exporter = Exporter(model, one, CONFIG, "r" * 32, filter_seen=True)
        (tmp_path / str(number)).mkdir()
        exporter.write(Variant.parse("int8", 6), tmp_path / str(number))
        bundle = Bundle(tmp_path / str(number))
        manifest = bundle.manifest.to_json()
        found["told"].append(manifest["measured"].pop("test"))
        manifest["measured"].pop("median_ms")
        found["seen"].append((manifest, bundle.golden()))
        strict = CONFIG.model_copy(update={"max_quality_loss": 1e-4})
        exporter = Exporter(model, one, strict, "r" * 32, filter_seen=True)
        with pytest.raises(VariantRefused) as refused:
            exporter.write(Variant.parse("int8-m0", 6), tmp_path)
        found["refused"].append(str(refused.value))
    for what in ("seen", "refused"):
        assert found[what][0] == found[what][1]
    assert found["told"][0] != found["told"][1]


def test_titles_lie_beside_the_items(rich):
    titles = rich.item_column("title")
    assert [titles[row] for row in (0, 1)] == ["", "Film 1"]
    assert rich.item_column("genres") is None


@pytest.fixture(scope="session")
def runtime(rich):
    return Interpreter(rich.model_file.read_bytes())


def test_score_all_and_top_k_agree_with_rerank(exporter, runtime):
    for inputs in exporter.judge.inputs:
        scores = runtime.run("score_all", history=inputs["history"])["scores"][0]
        chosen = runtime.run("rerank", **inputs)["scores"][0]
        np.testing.assert_allclose(scores[inputs["candidates"][0]], chosen, atol=1e-4)
        best = runtime.run("top_k", history=inputs["history"])
        np.testing.assert_array_equal(best["items"][0], np.argsort(-scores[1:], kind="stable") + 1)


def test_encode_is_the_query_embedding(exporter, model, runtime):
    for inputs in exporter.judge.inputs:
        found = runtime.run("encode", history=inputs["history"])["embedding"]
        np.testing.assert_allclose(found, model.encode(History(inputs["history"])).numpy(), atol=1e-4)


def test_explanations_are_what_removing_an_event_costs(exporter, runtime):
    """attribution[e] = score(history) - score(history without e): the history without its newest event, by hand."""
    for inputs in exporter.judge.inputs[:3]:
        history, one = inputs["history"], inputs["candidates"][:, :1]
        attribution = runtime.run("explain", history=history, candidates=one)["attribution"][0]
        shorter = np.concatenate([[[0]], history[:, :-1]], 1).astype(np.int32)
        padded = inputs["candidates"] * 0 + one
        whole, without = (
            runtime.run("rerank", history=h, candidates=padded)["scores"][0, 0] for h in (history, shorter)
        )
        assert attribution[-1] == pytest.approx(whole - without, abs=1e-4)
        assert not attribution[history[0] == 0].any()


def test_the_most_attributed_event_matters_most(exporter, runtime):
    """Removing it changes the score more than removing a random other one, on average over requests."""
    random = np.random.default_rng(0)
    most, other = [], []
    for inputs in exporter.judge.inputs:
        history, one = inputs["history"], inputs["candidates"][:, :1]
        real = np.flatnonzero(history[0])
        if len(real) < 3:
            continue
        attribution = runtime.run("explain", history=history, candidates=one)["attribution"][0]
        padded = inputs["candidates"] * 0 + one
        score = runtime.run("rerank", history=history, candidates=padded)["scores"][0, 0]
        top = int(np.abs(attribution).argmax())
        for removed, changes in ((top, most), (int(random.choice(real[real != top])), other)):
            without = np.delete(history, removed, 1)
            without = np.concatenate([[[0]], without], 1).astype(np.int32)
            changes.append(abs(score - runtime.run("rerank", history=without, candidates=padded)["scores"][0, 0]))
    assert np.mean(most) > np.mean(other)


def test_what_strays_from_keras_is_refused(exporter, tmp_path, monkeypatch):
    monkeypatch.setattr(exporter.judge, "config", CONFIG.model_copy(update={"tolerance": 1e-12}))
    with pytest.raises(RecsysError, match=r"more than export\.tolerance 1e-12; its bundle is not written"):
        exporter.write(Variant.parse("float32", 6), tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_ranks_worse_is_refused(exporter, tmp_path, monkeypatch):
    monkeypatch.setattr(exporter.judge, "config", CONFIG.model_copy(update={"max_quality_loss": 1e-9}))
    monkeypatch.setattr(exporter.judge, "keras", {"validation": {"ndcg@10": 1.0}, "test": {"ndcg@10": 0.0}})
    with pytest.raises(RecsysError, match=r"loses .* of Keras' validation NDCG@10 .* on 80 targets"):
        exporter.write(Variant.parse("float32", 6), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_single_candidate_is_enough(model, dataset, tmp_path):
    config = CONFIG.model_copy(update={"candidates": 1})
    exporter = Exporter(model, dataset, config, "r" * 32, filter_seen=True)
    exporter.write(Variant.parse("float32", None), tmp_path)
    assert (tmp_path / MANIFEST).exists()


def test_what_is_known_to_fail_fails_before_anything_is_made(model, dataset, tmp_path):
    """This model counts positions from the newest event; the data set has titles and no colours."""
    policy = tmp_path / "policy.json"
    policy.write_text(
        '{"version": 1, "rules": [{"rule": "remove", "column": "colour", "value": "red", "reason": "no red"}]}'
    )
    for changes, reason in (
        ({"signatures": ("incremental",)}, r"train with model\.positions=rotary"),
        ({"policy": policy}, r"rule 0 reads the column 'colour', which the bundle does not carry"),
    ):
        exporter = Exporter(model, dataset, CONFIG.model_copy(update=changes), "r" * 32, filter_seen=True)
        for name in ("int8", "student-int8"):
            with pytest.raises(ConfigError, match=reason):
                exporter.check(Variant.parse(name, None))
        assert "student" not in vars(exporter), "a student was taught first"


@pytest.mark.slow
def test_a_students_bundle_says_who_taught_it(model, dataset, tmp_path):
    config = ExportConfig(
        candidates=20, max_quality_loss=0.99, student={"width": 8, "steps": 1, "batch_size": 2, "positions": 2}
    )
    told = {"filter_seen": True, "teacher": model, "taught_by": "t" * 32}
    exporter = Exporter(model, dataset, config, "r" * 32, **told)
    for name, teacher in (("student-float32", "t" * 32), ("float32", None)):
        (tmp_path / name).mkdir()
        exporter.write(Variant.parse(name, None), tmp_path / name)
        assert Bundle(tmp_path / name).manifest.measured.get("taught_by") == teacher
