"""A log whose transitions depend on a category alone: what nobody has touched is ranked by it, on a phone as well."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import recsys
from recsys.artifacts.run import Run
from recsys.bundle import Bundle, Delta
from recsys.bundle.strings import StringTable
from recsys.cli import main
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ConfigError, DataError
from recsys.core.vocabulary import Vocabulary
from recsys.evaluation.baselines import BASELINES, TrainingEvents
from recsys.evaluation.baselines.content import _directions
from recsys.evaluation.evaluate import EvaluationData, Targets, targets_of
from recsys.export.backend import backend_of
from recsys.export.delta import make_delta
from recsys.export.new_items.last_night import added_before, model_of
from recsys.features.encoded import EncodedFeature
from recsys.models.events import history_spec
from recsys.models.items import FeaturedItems, trained_rows
from recsys.models.loading import load_run, load_unfolded
from recsys.training.validation import COLD_SCALES, Validator
from tests.features.chain_of_categories import CATEGORIES, COLD, WARM, chain_config
from tests.features.conftest import Trained

pytestmark = pytest.mark.long
KIND = WARM + COLD  # items of a category


def test_cold_items_are_ranked_by_their_category(trained: Trained) -> None:
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    cold = ranks[ranks["target_count"] == 0]
    assert len(cold) > 150
    # Whoever knows the chain puts the 16 items of the next category before the other 112; at random 12.5 % are there.
    assert (cold["rank"] <= KIND).mean() > 0.95
    assert (ranks["rank"] <= KIND).mean() > 0.95


def test_warm_and_cold_items_are_ranked_nearly_as_well_as_can_be(trained: Trained) -> None:
    """Whoever knows the chain cannot tell apart what is left of the next category when the user's own items are out."""
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    sequences = trained.dataset.sequences
    users, positions = sequences.targets("test")
    names = np.array(["", *trained.dataset.items["external_id"]])
    gains: dict[str, list[float]] = {"best": [], "found": []}
    for user, position, rank in zip(users, positions, ranks["rank"], strict=True):
        before = set(names[sequences.items[sequences.offsets[user] : position]])
        category = names[sequences.items[position]].split("-")[0]
        left = KIND - sum(name.split("-")[0] == category for name in before - {names[sequences.items[position]]})
        gains["best"].append(sum(1 / np.log2(1 + place) for place in range(1, min(left, 10) + 1)) / left)
        gains["found"].append(1 / np.log2(1 + rank) if rank <= 10 else 0.0)
    best, found = np.array(gains["best"]), np.array(gains["found"])
    cold = ranks["target_count"].to_numpy() == 0
    assert found[~cold].mean() > 0.95 * best[~cold].mean()
    assert found[cold].mean() > 0.9 * best[cold].mean()


@pytest.mark.parametrize(
    ("cold", "cost", "larger"),
    [(True, 0.0, True), (False, 0.0, False), (False, 0.4, True)],
    ids=["sought", "not sought, at no cost", "not sought, at what it takes"],
)
def test_validation_says_how_much_new_items_are_sought(trained: Trained, cold: bool, cost: float, larger: bool) -> None:
    model, data = load_unfolded(trained.run), EvaluationData.of(trained.dataset)
    assert isinstance(model.items, FeaturedItems)
    counts = trained.dataset.item_counts
    model.items.describe(trained.dataset.features, trained_rows(counts))
    before = model.items.vectors()
    every = targets_of(data, "test")
    chosen = (counts[data.sequences.items[every.positions]] == 0) == cold
    targets = Targets("test", every.users[chosen], every.positions[chosen])
    validator = Validator(model, data, targets, EvaluationConfig(), cost)
    scale = validator.cold_scale()
    assert (scale > 1.0) == larger
    if not cold:
        higher = COLD_SCALES[COLD_SCALES.index(scale) + 1]
        least = (1 - cost) * validator._quality(1.0)
        found = {one: validator._quality(one) for one in (1.0, scale, higher)}
        assert found[higher] < least <= found[scale], found
        validator.cold_scale()
    np.testing.assert_allclose(model.items.vectors()[counts > 0], before[counts > 0], atol=1e-6)
    np.testing.assert_allclose(
        model.items.vectors()[1:][counts[1:] == 0], scale * before[1:][counts[1:] == 0], atol=1e-4
    )


def test_cold_targets_are_a_segment_beside_content_and_popularity(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """Content, which the recipe does not name, is measured now."""
    assert main(["evaluate", str(trained.run.path), "--segments", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["segments"]["novelty"]
    ranks = pd.read_parquet(trained.run.ranks_file).query("split == 'test'")
    assert set(found) == {"cold", "warm", "among_cold"}
    assert found["cold"]["targets"] + found["warm"]["targets"] == len(ranks)
    assert found["among_cold"]["targets"] == found["cold"]["targets"]
    assert found["cold"]["baselines"]["popularity"]["ndcg@10"]["mean"] == 0, "what nobody has touched comes last"
    # Content looks for more of the same, where the chain goes on to the next category.
    content = pd.read_parquet(trained.run.baseline_files()["content"]).query("split == 'test'")
    assert (content["rank"] > KIND).mean() > 0.9
    among = found["among_cold"]["baselines"]
    assert set(among) == {"random", "content", *found["warm"]["baselines"]}
    # 32 items are cold, less those that a user has seen on the day before.
    cold = ranks[ranks["target_count"] == 0]
    assert set(cold["cold_items"]) == {CATEGORIES * COLD - 1.0, float(CATEGORIES * COLD)}
    assert among["random"]["hr@10"]["mean"] == pytest.approx((10 / cold["cold_items"]).mean())
    # Whoever knows the chain puts the 4 items of the next category first.
    assert (cold["cold_rank"] <= COLD).mean() > 0.95
    assert found["among_cold"]["model"]["hr@10"]["mean"] > 3 * among["random"]["hr@10"]["mean"]
    assert main(["evaluate", str(trained.run.path), "--segments"]) == 0
    table = capsys.readouterr().out
    assert "among_cold" in table
    assert "random" in table


def test_content_needs_features() -> None:
    with pytest.raises(ConfigError, match=r"content compares items by data\.items\.features"):
        BASELINES["content"](TrainingEvents(None, np.zeros(0, np.int64), 3))


def test_content_by_hand() -> None:
    genre = EncodedFeature("genre", 2, np.array([[0, 0], [1, 0], [1, 2], [2, 0]], np.int32))
    image = EncodedFeature("image", 0, np.array([[0, 0], [1, 0], [0, 0], [0, 1]], np.float32))
    rows = _directions((genre, image)).toarray()
    half = 1 / np.sqrt(2)
    # Item 1: genre 1 and an image, alike in weight; item 2 has no image, so both of its genres share all.
    expected = [[0, 0, 0, 0, 0], [0, half, 0, half, 0], [0, half, half, 0, 0], [0, 0, half, 0, half]]
    np.testing.assert_allclose(rows, expected, atol=1e-9)


def test_the_table_that_is_exported_scores_as_the_model_does(trained: Trained) -> None:
    plain, whole = load_run(trained.run), load_unfolded(trained.run)
    sequences = trained.dataset.sequences
    users, positions = sequences.targets("test")
    history = sequences.histories(users[:50], positions[:50], history_spec(whole.config, None))
    np.testing.assert_allclose(plain.score_all(history), whole.score_all(history), atol=1e-5)
    cold = trained.dataset.items["count"].to_numpy() == 0
    assert not whole.trained_items.own_vectors()[1:][cold].any()


@pytest.fixture(scope="module")
def bundles(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    return recsys.export_bundles(trained.run, trained.dataset, trained.config, tmp_path_factory.mktemp("bundles"))


def history(category: int) -> list[recsys.Event]:
    return [recsys.Event(f"{(category - back) % CATEGORIES}-{back}", 10 - back) for back in range(5)]


def best_of(path: Path, category: int, number: int) -> str:
    """Which category's item of this number a phone ranks highest after an item of ``category``."""
    ranked = recsys.Reranker(path).rerank(history(category), [f"{c}-{number}" for c in range(CATEGORIES)])
    return ranked[0].item


def test_a_phone_ranks_them(bundles: list[Bundle]) -> None:
    for bundle in bundles:
        assert [best_of(bundle.path, c, WARM) for c in range(CATEGORIES)] == [
            f"{(c + 1) % CATEGORIES}-{WARM}" for c in range(CATEGORIES)
        ]


NEW = KIND  # the number of an item that came tonight


@pytest.fixture(scope="module")
def tonight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One more item of each category, and some that are known."""
    file = tmp_path_factory.mktemp("tonight") / "tonight.csv"
    rows = [f"{c}-{number},Item {number} of {c},kind {c}" for number in (0, NEW) for c in range(CATEGORIES)]
    file.write_text("\n".join(["item_id,title,kind", *rows]) + "\n")
    return file


def added(trained: Trained, file: Path, work_dir: Path, **settings: Any) -> list[Bundle]:
    export = trained.config.export.model_copy(update={"items": file, **settings})
    config = trained.config.model_copy(update={"export": export})
    return recsys.export_bundles(trained.run, trained.dataset, config, work_dir)


def test_items_are_added_without_training_and_a_delta_carries_just_them(
    trained: Trained, bundles: list[Bundle], tonight: Path, tmp_path: Path
) -> None:
    for old, new in zip(bundles, added(trained, tonight, tmp_path), strict=True):
        known = len(old.vocabulary)
        assert len(new.vocabulary) == known + CATEGORIES
        assert [new.vocabulary.decode(n) for n in range(1, known + 1)] == [
            old.vocabulary.decode(n) for n in range(1, known + 1)
        ]
        assert titles(new)[known] == f"Item {NEW} of 0"
        before, after = recsys.Reranker(old.path), recsys.Reranker(new.path)
        candidates = [f"{c}-{n}" for c in range(CATEGORIES) for n in (1, WARM)]
        assert before.rerank(history(2), candidates) == after.rerank(history(2), candidates)
        assert [best_of(new.path, c, NEW) for c in range(CATEGORIES)] == [
            f"{(c + 1) % CATEGORIES}-{NEW}" for c in range(CATEGORIES)
        ]
        assert new.golden()[: len(old.golden())] == old.golden()
        assert new.golden()[-1].candidates[0] == f"0-{NEW}"
        delta = make_delta(old.path, new.path, tmp_path / f"delta-{old.manifest.variant}")
        row = 4 * 16 if old.manifest.variant == "float32" else 16 + 1
        assert delta.download_bytes < CATEGORIES * row + 8192
        applied = Delta(delta.path).apply(old.path, tmp_path / f"applied-{old.manifest.variant}")
        assert applied.manifest == new.manifest


def test_a_delta_of_a_large_catalog_carries_just_the_rows_that_are_added(trained: Trained, tmp_path: Path) -> None:
    """10,000 items, then 100 more: their rows, ids and titles, and what changes in the heads of the files."""
    many, more = 10_000 - CATEGORIES * KIND, 100
    names = [*(f"8-{n:05}" for n in range(many)), *(f"9-{n:05}" for n in range(more))]
    rows = [f"{name},New item {name},kind {number % CATEGORIES}" for number, name in enumerate(names)]
    exported = []
    for night, count in (("before", many), ("after", many + more)):
        file = tmp_path / f"{night}.csv"
        file.write_text("\n".join(["item_id,title,kind", *rows[:count]]) + "\n")
        settings = {"variants": ("int8",), "evaluated_users": 50}
        exported += added(trained, file, tmp_path / night, **settings)
    before, after = exported
    assert (before.manifest.items, after.manifest.items) == (10_000, 10_000 + more)
    assert make_delta(before.path, after.path, tmp_path / "delta").download_bytes <= more * (16 + 1) + 8192


def night(trained: Trained, folder: Path, numbers: list[int], since: Path | None) -> list[Bundle]:
    """The bundles of a night whose table has, of each category, the items of these numbers."""
    folder.mkdir()
    rows = [f"{c}-{n},Item {n} of {c},kind {c}" for n in numbers for c in range(CATEGORIES)]
    (folder / "items.csv").write_text("\n".join(["item_id,title,kind", *rows]) + "\n")
    return added(trained, folder / "items.csv", folder, since=since)


def test_on_the_second_night_what_was_new_on_the_first_keeps_its_row(trained: Trained, tmp_path: Path) -> None:
    """Night one adds A and C, night two A to D, night three C and E alone: what is gone stays as it was."""
    a, b, c, d, e = (NEW + place for place in range(5))
    nights = [night(trained, tmp_path / "1", [a, c], None)]
    nights.append(night(trained, tmp_path / "2", [a, b, c, d], nights[0][0].path.parent))
    nights.append(night(trained, tmp_path / "3", [c, e], nights[1][0].path.parent))
    more = (0, 2 * CATEGORIES, CATEGORIES)
    for number in (1, 2):
        for old, new in zip(nights[number - 1], nights[number], strict=True):
            kept = len(old.vocabulary)
            assert len(new.vocabulary) == kept + more[number]
            for ours, theirs in ((old.vocabulary.strings, new.vocabulary.strings), (titles(old), titles(new))):
                assert [ours[row] for row in range(kept)] == [theirs[row] for row in range(kept)]
            rows = [backend_of("tflite").item_rows(model_of(one)) for one in (old, new)]
            assert rows[0] is not None
            assert rows[1] is not None
            np.testing.assert_array_equal(rows[1][: kept + 1], rows[0])
            assert len(rows[1]) == len(rows[0]) + more[number]
            delta = make_delta(old.path, new.path, tmp_path / f"{number}-{old.manifest.variant}")
            row = 4 * 16 if old.manifest.variant == "float32" else 16 + 1
            assert delta.download_bytes < more[number] * row + 8192
            for added_then in {1: (a, b, c, d), 2: (a, b, e)}[number]:
                best = [best_of(new.path, kind, added_then) for kind in range(CATEGORIES)]
                assert best == [f"{(kind + 1) % CATEGORIES}-{added_then}" for kind in range(CATEGORIES)]
    assert {nights[2][0].vocabulary.decode(kept + c + 1) for c in range(CATEGORIES)} == {f"{c}-{e}" for c in range(8)}


def titles(bundle: Bundle) -> StringTable:
    table = bundle.item_column("title")
    assert table is not None
    return table


def test_rows_of_another_run_are_not_read(trained: Trained, bundles: list[Bundle]) -> None:
    known = Vocabulary([f"0-{number}" for number in range(KIND)])
    ours = added_before(bundles, known, trained.run.digest)
    theirs = added_before(bundles, known, "another")
    assert ours.names == theirs.names
    assert len(ours.names) == (CATEGORIES - 1) * KIND
    assert ours.vectors is not None
    assert ours.vectors.shape == (len(ours.names), 16)
    assert theirs.vectors is None


def test_nothing_new_changes_nothing(trained: Trained, bundles: list[Bundle], tonight: Path, tmp_path: Path) -> None:
    lines = tonight.read_text().splitlines()
    (tmp_path / "known.csv").write_text("\n".join(lines[: 1 + CATEGORIES]) + "\n")
    (one,) = added(trained, tmp_path / "known.csv", tmp_path, variants=("int8",))
    assert one.manifest.model_version == bundles[1].manifest.model_version


@pytest.mark.parametrize(
    ("content", "settings", "error", "told"),
    [
        (None, {}, DataError, r"tonight\.csv: no such item table; export\.items names it"),
        ("item_id,title\nnew,Title\n", {}, DataError, r"tonight\.csv: column 'kind' is missing; found item_id, title"),
        ("item_id,title,kind\nnew,T,a\nnew,T,a\n", {}, DataError, r"item 'new' stands in more than one row"),
        (
            "item_id,title,kind\nnew,Title,kind 1\n",
            {"variants": ("student-int8",)},
            ConfigError,
            "student-int8 is trained when it is exported",
        ),
        (
            "item_id,title,kind\nnew,Title,kind 1\n",
            {"variants": ("pq",)},
            ConfigError,
            "pq shares codes among all items",
        ),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(
    trained: Trained, tmp_path: Path, content: str | None, settings: Any, error: type[Exception], told: str
) -> None:
    if content is not None:
        (tmp_path / "tonight.csv").write_text(content)
    with pytest.raises(error, match=told):
        added(trained, tmp_path / "tonight.csv", tmp_path / "work", **settings)
    assert not list((tmp_path / "work").rglob("manifest.json"))


def test_a_model_without_features_takes_no_items(trained: Trained, tonight: Path, tmp_path: Path) -> None:
    folder = trained.dataset.path.parents[2]
    config = chain_config(folder, {}).model_copy(update={"training": trained.config.training})
    config = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 1})})
    dataset = recsys.prepare(config, tmp_path)
    run: Run = recsys.train(config, dataset, tmp_path)
    wanted = config.model_copy(update={"export": config.export.model_copy(update={"items": tonight})})
    with pytest.raises(ConfigError, match=r"reads no features, .* train with data\.items\.features"):
        recsys.export_bundles(run, dataset, wanted, tmp_path)
    assert list(recsys.similar_items(run, dataset, "0-0", 3)) == ["embedding"]
    with pytest.raises(ConfigError, match=r"reads no features, .* train with data\.items\.features"):
        recsys.explain(run, dataset, "u3", ["0-0"])
