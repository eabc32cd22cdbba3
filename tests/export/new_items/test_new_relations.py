"""Items that are added at export are related to what they read like, both ways, and nothing else moves."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recsys
from recsys.config import Config, parse_config
from recsys.export.delta import make_delta
from recsys.export.new_items import add_items
from recsys.export.new_items.new_relations import NO_ENTRIES, Entries, longer
from recsys.features.nearest_texts import nearest_known
from recsys.models.memory import CountedTransitions, RelatedTransitions
from recsys.sequences.relations import RelatedShares
from tests.features.test_nearest_texts import TEXTS, cosine_by_hand

SAGAS, PARTS, USERS = 20, 6, 200


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_a_new_text_is_near_the_known_ones_whatever_else_is_new(known: list[str], new: list[str], most: int) -> None:
    found = nearest_known(known, new, most)
    pairs = [*zip(found.places.tolist(), found.nearest.tolist(), found.cosines.tolist(), strict=True)]
    assert pairs == sorted(pairs, key=lambda one: one[:2])
    alone = [(place, nearest_known(known, [text], most)) for place, text in enumerate(new)]
    assert pairs == [(n, *one) for n, near in alone for one in zip(near.nearest.tolist(), near.cosines, strict=True)]
    assert np.bincount(found.places, minlength=len(new)).max(initial=0) <= most


def test_a_text_that_is_known_is_as_near_as_it_was() -> None:
    """Words are as rare as among the known texts; one that none of them has is rarest."""
    known = ["red rose soap", "red rose oil", "green tea"]
    found = nearest_known(known, ["red rose soap", "soap zyx"], most=2)
    assert found.places.tolist() == [0, 0, 1]
    assert found.nearest.tolist() == [0, 1, 0]
    np.testing.assert_allclose(found.cosines[:2], [1.0, cosine_by_hand(known, 0, 1, 9)], atol=1e-3)
    assert found.cosines[2] < 0.5, "of its two words one, the commoner, is shared"


def test_rows_by_hand() -> None:
    """Item 1 goes on to item 2, and is related to item 3; item 4 is new and related to item 1, both ways."""
    counted = CountedTransitions(4, 4)
    neighbours, counts = np.zeros((4, 4), np.int32), np.zeros((4, 4), np.float32)
    neighbours[1, 0], counts[1, 0] = 2, 8.0
    counted.assign_rows(neighbours, counts, np.array([1, 10, 1, 1], np.float32))
    related = RelatedTransitions(counted, 1)
    related.assign(RelatedShares(np.array([[0], [3], [0], [0]], np.int32), np.array([[0], [1], [0], [0]], np.float32)))
    related.log_trust.assign(np.log(0.5))
    entries = Entries(np.array([4, 1]), np.array([1, 4]), np.array([1.0, 0.25]))
    table = longer(counted, related, 1, entries)
    assert (table.rows, table.added, table.is_related) == (5, 1, True)
    read = [dict(zip(*(part.numpy().tolist() for part in table.read(row)), strict=True)) for row in (1, 4, 3)]
    assert read[0] == pytest.approx({2: 0.8, 3: 0.5, 4: 0.125, 0: 0.0})
    assert {item: share for item, share in read[1].items() if share} == pytest.approx({1: 0.5})
    assert not any(read[2].values())
    plain = longer(counted, None, 1, NO_ENTRIES)
    assert plain.neighbours.numpy()[:4].tolist() == neighbours.tolist()
    assert plain.divisors.numpy().tolist() == [1, 10, 1, 1, 1]


def title(saga: int, part: str) -> str:
    return f"saga{saga} part {part}"


def saga_config(folder: Path) -> Config:
    """Users read the parts of a few sagas, in any order; nothing but the titles says what belongs together."""
    random = np.random.default_rng(4)
    lines = ["user_id,item_id,timestamp"]
    for user in range(USERS):
        order = [
            (saga, part) for saga in random.permutation(SAGAS)[:3] for part in random.permutation(PARTS)[: PARTS - 1]
        ]
        lines += [f"u{user},{saga}-{part},{1000 * user + place}" for place, (saga, part) in enumerate(order)]
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    rows = [f"{saga}-{part},{title(saga, str(part))}" for saga in range(SAGAS) for part in range(PARTS)]
    (folder / "items.csv").write_text("\n".join(["item_id,title", *rows]) + "\n")
    items = {"path": str(folder / "items.csv"), "title": "title", "features": {"title": "text"}}
    shape = {"blocks": 1, "width": 16, "max_length": 8, "heads": 1, "memory": {"newest": 4, "neighbours": 64}}
    return parse_config(
        {
            "data": {"path": str(folder / "log.csv"), "items": items, "relations": {"nearest": 5}},
            "prepare": {"k_core": 1},
            "model": shape,
            "training": {"epochs": 4, "learning_rate": 0.01, "batch_size": 64, "negatives": {"uniform": 64}},
            "export": {"candidates": 32, "variants": ["float32", "int8"]},
            "tracking": {"enabled": False},
        }
    )


class Read(NamedTuple):
    """A run of the sagas, and a folder for its bundles."""

    run: recsys.Run
    dataset: recsys.Dataset
    config: Config
    folder: Path

    def night(self, name: str, sagas: range, since: Path | None = None) -> list[recsys.Bundle]:
        """Bundles with a further part of each of these sagas."""
        file = self.folder / f"{name}.csv"
        rows = [f"new-{saga},{title(saga, 'new')}" for saga in sagas]
        file.write_text("\n".join(["item_id,title", *rows]) + "\n")
        export = self.config.export.model_copy(update={"items": file, "since": since})
        config = self.config.model_copy(update={"export": export})
        return recsys.export_bundles(self.run, self.dataset, config, self.folder / name)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("sagas")
    config = saga_config(folder)
    dataset = recsys.prepare(config, folder / "work")
    return Read(recsys.train(config, dataset, folder / "work"), dataset, config, folder)


def scores(bundle: recsys.Bundle, saga: int, candidates: list[str]) -> dict[str, float]:
    history = [recsys.Event(f"{saga}-{part}", part) for part in range(3)]
    ranked = recsys.Reranker(bundle.path).rerank(history, candidates, 3)
    return {one.item: one.score for one in ranked if one.score is not None}


@pytest.mark.long
def test_what_reads_like_the_newest_item_rises(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    half = range(0, SAGAS, 2)
    names = [f"new-{saga}" for saga in half]
    with monkeypatch.context() as patched:
        patched.setattr(add_items, "related_by_texts", lambda *_: NO_ENTRIES)
        unrelated = read.night("unrelated", half)
    related = read.night("related", half)
    for without, with_texts in zip(unrelated, related, strict=True):
        places = []
        for saga in half:
            before, after = scores(without, saga, names), scores(with_texts, saga, names)
            own = f"new-{saga}"
            assert after[own] > before[own] + 0.1
            others = [abs(after[name] - before[name]) for name in names if name != own]
            assert max(others) < 0.05, "what reads like other sagas stays"
            places.append(sorted(after, key=after.__getitem__, reverse=True).index(own))
        assert np.mean(places) < 1, "at random 4.5"


@pytest.mark.long
def test_another_night_moves_nothing_and_its_delta_is_small(read: Read) -> None:
    first = read.night("first", range(0, SAGAS, 2))
    second = read.night("second", range(SAGAS), first[0].path.parent)
    names = [f"new-{saga}" for saga in range(0, SAGAS, 2)] + ["3-4", "4-5"]
    for old, new in zip(first, second, strict=True):
        for saga in range(4):
            assert scores(old, saga, names) == pytest.approx(scores(new, saga, names), abs=1e-5)
        delta = make_delta(old.path, new.path, read.folder / f"delta-{old.manifest.variant}")
        row = 4 * 16 if old.manifest.variant == "float32" else 16 + 1
        assert delta.download_bytes < SAGAS // 2 * row + 8192
