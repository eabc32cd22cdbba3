"""Items of a night's table that are added to a finished run's bundles, on a phone as well."""

from pathlib import Path
from typing import Any

import pytest

import recsys
from recsys.artifacts.run import Run
from recsys.bundle import Bundle, Delta
from recsys.core.errors import ConfigError, DataError
from recsys.export.delta import make_delta
from tests.chain_of_categories import CATEGORIES, COLD, WARM, Trained, chain_config
from tests.export.new_items.tonight import NEW, added, best_of, history, titles

pytestmark = pytest.mark.long
KIND = WARM + COLD  # items of a category


def test_a_phone_ranks_them(bundles: list[Bundle]) -> None:
    for bundle in bundles:
        assert [best_of(bundle.path, c, WARM) for c in range(CATEGORIES)] == [
            f"{(c + 1) % CATEGORIES}-{WARM}" for c in range(CATEGORIES)
        ]


@pytest.fixture(scope="module")
def tonight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One more item of each category, and some that are known."""
    file = tmp_path_factory.mktemp("tonight") / "tonight.csv"
    rows = [f"{c}-{number},Item {number} of {c},kind {c}" for number in (0, NEW) for c in range(CATEGORIES)]
    file.write_text("\n".join(["item_id,title,kind", *rows]) + "\n")
    return file


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
