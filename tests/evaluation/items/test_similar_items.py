"""What is near an item, by events and by features, and the page that shows it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli import main
from recsys.evaluation.items.item_page import flat_map, groups_of
from recsys.evaluation.items.similar_items import nearest
from tests.chain_of_categories import CATEGORIES, COLD, WARM, Trained

pytestmark = pytest.mark.long
KIND = WARM + COLD  # items of a category


def test_similar_items(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    item = f"3-{WARM}"  # a cold one
    assert main(["similar", str(trained.run.path), "--item", item, "--top", str(KIND - 1), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["item"] == {"item": item, "title": f"Item {WARM} of 3"}
    assert {one["item"].split("-")[0] for one in found["neighbours"]["features"]} == {"3"}
    assert {one["item"].split("-")[0] for one in found["neighbours"]["embedding"]} == {"3"}
    assert found["neighbours"]["own"] == [], "nobody has touched it"
    assert main(["similar", str(trained.run.path), "--item", "3-0", "--top", "2"]) == 0
    assert "Nearest to Item 0 of 3" in capsys.readouterr().out
    assert main(["similar", str(trained.run.path), "--item", "nothing"]) == 3
    assert "has no item 'nothing'" in capsys.readouterr().err


def test_nearest_by_hand() -> None:
    vectors = np.array([[9, 9], [1, 0], [2, 0], [0, 0], [1, 1], [0, -5]], np.float32)
    rows, cosines = nearest(vectors, 1, 9)
    assert rows.tolist() == [2, 4, 5]
    np.testing.assert_allclose(cosines, [1, np.sqrt(0.5), 0], atol=1e-9)


def test_a_page_shows_neighbours_and_a_map(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "items.html"
    asked = ["similar", str(trained.run.path), "--item", f"3-{WARM}", "--html", str(page)]
    assert main([*asked, "--colour", "kind"]) == 0
    text = page.read_text()
    assert f"Nearest to Item {WARM} of 3" in text
    assert sum(f"kind {category}" in text for category in range(CATEGORIES)) == 7, "one of eight is other"
    assert main([*asked, "--colour", "taste"]) == 3
    assert "its items have no column 'taste'; they have" in capsys.readouterr().err
    assert main([*asked[:-2], "--colour", "kind"]) == 2


def test_a_map_by_hand() -> None:
    """Directions of a cross: the longer arm lies along the first axis, and both arms are all there is."""
    vectors = np.array([[0, 2, 0], [0, -3, 0], [0, 0.6, 0.8], [0, 0.6, -0.8]], np.float32)
    places, told = flat_map(vectors)
    assert told == pytest.approx(1.0)
    centred = np.array([[1, 0], [-1, 0], [0.6, 0.8], [0.6, -0.8]]) - [0.3, 0]
    np.testing.assert_allclose(np.abs(places), np.abs(centred), atol=1e-6)
    assert np.sign(places[:2, 0]).tolist() == [-1.0, 1.0], "the largest coordinate is positive"


def test_a_map_is_coloured_by_few_groups() -> None:
    many = pd.Series([f"value {n}" for n in range(9) for _ in range(10 - n)])
    assert groups_of(many).nunique() == 8
    assert (groups_of(many) == "other").sum() == 3 + 2
    assert groups_of(pd.Series(["a|b", "a", None])).tolist() == ["a", "a", "not known"]
    assert groups_of(pd.Series(np.arange(100.0))).value_counts().tolist() == [20] * 5
