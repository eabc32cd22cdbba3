"""What each kind of column becomes, and that encoders are read back as they were."""

from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys.config.data import FeatureConfig
from recsys.core.errors import ArtifactError, DataError
from recsys.features.category import CategoryEncoder
from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import CodedEncoder, Column, Encoder
from recsys.features.encoders import ARRAYS_FILE, ENCODERS_FILE, KINDS, Encoders, read_encoded
from recsys.features.number import BUCKETS, NumberEncoder
from recsys.features.text import TextEncoder
from recsys.features.vector import VectorEncoder

TRAINED = np.array([True, True, True, False])


def lists(*values: list[str]) -> pa.Array:
    return pa.array(values, pa.list_(pa.string()))


def test_categories_are_numbered_by_how_many_items_that_train_have_them() -> None:
    column = lists(["war", "drama"], ["drama"], [], ["opera", "opera", "war"])
    encoder = CategoryEncoder.fit(column, TRAINED, None)
    assert encoder.values == ("drama", "war"), "opera is nothing that training could learn of"
    assert encoder.encode("genre", column) == ("genre", 2, pytest.approx(np.array([[1, 2], [1, 0], [0, 0], [2, 0]])))


def test_numbers_of_categories_stay_when_a_dataset_is_extended() -> None:
    before = CategoryEncoder(("drama", "war"))
    fitted = CategoryEncoder.fit(lists(["war"], ["opera"], ["art"]), np.ones(3, np.bool_), before)
    assert fitted.values == ("drama", "war", "art", "opera")


def test_numbers_are_cut_where_items_that_train_are_many() -> None:
    column = np.arange(1600.0)
    trained = column < 800
    encoder = NumberEncoder.fit(column, trained, None)
    found = encoder.encode("price", np.append(column, np.nan))
    sizes = np.bincount(found.rows[:800, 0])[1:]
    assert len(encoder.edges) == BUCKETS - 1
    assert sizes.tolist() == [800 / BUCKETS] * BUCKETS
    assert set(found.rows[800:1600, 0].tolist()) == {BUCKETS}, "beyond all that is known is the last bucket"
    assert found.rows[-1, 0] == found.values == BUCKETS + 1
    assert NumberEncoder.fit(column * 2, trained, encoder) is encoder


def test_what_learned_codes_mean_is_the_same_where_values_only_come_after() -> None:
    genres, year = CategoryEncoder(("drama", "war")), NumberEncoder((1990.0,))
    title = TextEncoder(np.ones(4, np.float32), np.ones((4, 2), np.float32))
    before = Encoders({"genre": genres, "title": title, "year": year}).fingerprints()

    def changed(**others: Encoder) -> list[str]:
        return Encoders({"genre": genres, "title": title, "year": year} | others).changed(before)

    assert changed() == changed(genre=CategoryEncoder(("drama", "war", "art"))) == []
    assert changed(genre=CategoryEncoder(("war", "drama"))) == changed(genre=CategoryEncoder(("drama",))) == ["genre"]
    assert changed(year=NumberEncoder((1991.0,))) == ["year"]
    assert changed(title=TextEncoder(np.ones(4, np.float32), np.zeros((4, 2), np.float32))) == ["title"]
    assert changed(brand=genres) == ["brand"]
    assert Encoders({}).changed(before) == ["genre", "title", "year"]


@example([np.finfo(np.float64).max, -np.finfo(np.float64).max])
@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), max_size=30))
def test_every_number_has_a_code_that_the_model_has(values: list[float]) -> None:
    column = np.array(values, np.float64)
    encoder = NumberEncoder.fit(column, np.ones(len(column), np.bool_), None)
    found = encoder.encode("x", column)
    assert ((found.rows >= 1) & (found.rows <= found.values)).all()
    known = ~np.isnan(column)
    order = np.argsort(column[known], kind="stable")
    assert (np.diff(found.rows[known, 0][order]) >= 0).all(), "a larger number is in no smaller bucket"
    assert (found.rows[~known, 0] == found.values).all()


def test_vectors_of_another_model_are_refused() -> None:
    with pytest.raises(DataError, match="column 'image': its vectors have 3 numbers, those fitted on 2"):
        VectorEncoder(2).encode("image", np.zeros((1, 3), np.float32))


TITLES = pa.array(
    [*(f"Star Trek: part {n}" for n in "abcdefgh"), *(f"Cooking with {n}" for n in "abcdefgh"), None, "Star Trek: new"]
)


def test_texts_that_share_words_are_alike() -> None:
    trained = np.arange(len(TITLES)) < 16
    encoder = TextEncoder.fit(TITLES, trained, None)
    rows = encoder.encode("title", TITLES).rows
    likeness = rows @ rows[-1]
    assert likeness[:8].min() > likeness[8:16].max() + 0.3
    assert not rows[16].any(), "no text, no vector"
    np.testing.assert_allclose(np.linalg.norm(rows[:16], axis=1), 1.0, atol=1e-3)
    again = TextEncoder.fit(TITLES, trained, None).encode("title", TITLES).rows
    assert np.array_equal(rows, again)
    assert TextEncoder.fit(TITLES, ~trained, encoder) is encoder


@pytest.mark.parametrize("texts", [[], [None, None], ["one"], ["one", None], ["", "?!"], ["same", "same", "same"]])
def test_few_texts_are_encoded_too(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    encoder = TextEncoder.fit(column, np.ones(len(texts), np.bool_), None)
    rows = encoder.encode("title", column).rows
    assert rows.shape[0] == len(texts)
    assert np.isfinite(rows).all()
    assert [bool(row.any()) for row in rows] == [bool(text) for text in texts]


def test_encoders_and_what_they_made_are_read_back(tmp_path: Path) -> None:
    columns: dict[str, Column] = {
        "a/b é": lists(["x", "y"], [], ["y"], ["z"]),
        "price": np.array([1.0, 2.0, np.nan, 9.0]),
        "title": pa.array(["red shoe", "blue shoe", "red hat", None]),
        "image": np.array([[1, 2], [0, 0], [3, 4], [5, 6]], np.float32),
    }
    kinds = dict(zip(columns, ("category", "number", "text", "vector"), strict=True))
    encoders = Encoders.fit(columns, kinds, TRAINED)
    encoded = encoders.encode(columns)
    encoders.save(tmp_path, encoded)
    for one, other in zip(read_encoded(tmp_path), encoded, strict=True):
        assert one[:2] == other[:2]
        assert one.rows.dtype == other.rows.dtype
        np.testing.assert_array_equal(one.rows, other.rows)
    read = Encoders.load(tmp_path)
    assert list(read.by_name) == sorted(columns)
    for one, other in zip(read.encode(columns), encoded, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
    otherwise = {**columns, "price": lists(["1"], ["2"], [], ["9"])}
    kept = Encoders.fit(otherwise, {"title": "text", "price": "category"}, TRAINED, read)
    assert kept.by_name["title"] is read.by_name["title"]
    assert isinstance(kept.by_name["price"], CategoryEncoder), "a column that is read otherwise now is fitted anew"
    (tmp_path / ENCODERS_FILE).write_text("[{}]")
    with pytest.raises(ArtifactError, match=r"encoders\.json: expected a list of objects"):
        Encoders.load(tmp_path)
    encoders.save(tmp_path, encoded)
    (tmp_path / ARRAYS_FILE).unlink()
    with pytest.raises(ArtifactError, match="feature 'title' lacks 'idf'; damaged"):
        Encoders.load(tmp_path)


def test_the_kinds_of_a_config_are_those_that_there_are() -> None:
    assert get_args(FeatureConfig.model_fields["kind"].annotation) == tuple(KINDS)


class Initials(CodedEncoder):
    """Another kind of feature: the letter that a text begins with, of those that training knows."""

    def __init__(self, letters: npt.NDArray[np.int32]) -> None:
        self.letters = letters

    @classmethod
    def fit(cls, column: Column, trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        return cls(np.unique([ord(text[0]) for text in column.filter(pa.array(trained)).to_pylist()]).astype(np.int32))

    def encode(self, name: str, column: Column) -> EncodedFeature:
        letters = np.array([ord(text[0]) for text in column.to_pylist()])
        codes = np.where(np.isin(letters, self.letters), np.searchsorted(self.letters, letters) + 1, 0)
        return EncodedFeature(name, len(self.letters), codes.astype(np.int32)[:, None])

    def label(self, code: int) -> str | None:
        return chr(self.letters[code - 1]) if code else None

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"letters": self.letters}

    @classmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        return cls(arrays["letters"])


def test_another_kind_is_a_class_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "initial", Initials)
    columns: dict[str, Column] = {"name": pa.array(["ape", "bee", "ant", "cat"]), "price": np.arange(4.0)}
    fitted = Encoders.fit(columns, {"name": "initial", "price": "number"}, TRAINED)
    encoded = fitted.encode(columns)
    fitted.save(tmp_path, encoded)
    read = Encoders.load(tmp_path)
    rows = encoded[0].rows
    assert rows.ravel().tolist() == read.encode(columns)[0].rows.ravel().tolist() == [1, 2, 1, 0]
    assert read.changed(fitted.fingerprints()) == []
    assert Encoders.fit(columns, {"name": "initial"}, ~TRAINED).changed(fitted.fingerprints()) == ["name", "price"]
    assert read.by_name["name"].shared(rows[0], rows[2]) == ("a",)
    assert read.by_name["name"].shared(rows[0], rows[1]) is None


def test_shared_values_by_hand() -> None:
    """Codes are numbered by falling count, so the rarer value comes first; what is known of neither is not shared."""
    genres = CategoryEncoder(("drama", "war", "noir"))
    rows = genres.encode("genres", lists([], ["drama", "noir", "war"], ["noir", "drama"], ["war"], [])).rows
    assert genres.shared(rows[1], rows[2]) == ("noir", "drama")
    assert genres.shared(rows[2], rows[3]) is None
    assert genres.shared(rows[0], rows[4]) is None
    years = NumberEncoder((1990.0, 2000.0))
    rows = years.encode("year", np.array([1995.0, 1999.0, 2001.0, np.nan, np.nan])).rows
    assert years.shared(rows[0], rows[1]) == ("1990 to 2000",)
    assert years.shared(rows[1], rows[2]) is None
    assert years.shared(rows[3], rows[4]) is None
    rows = np.array([[1, 0], [0.6, 0.8], [0.4, 0.9165], [0, 0], [0, 0]], np.float32)
    for images in (VectorEncoder(2), TextEncoder(np.ones(4, np.float32), np.ones((4, 2), np.float32))):
        assert images.shared(rows[0], rows[1]) == ()
        assert images.shared(rows[0], rows[2]) is None
        assert images.shared(rows[3], rows[4]) is None


KINDS_LEARNED_OF: dict[str, tuple[Column, Column]] = {
    "category": (lists([], [], [], []), lists(["x"], ["y"], ["x"], [])),
    "number": (np.full(4, np.nan), np.array([1.0, 2.0, 3.0, np.nan])),
    "text": (pa.nulls(4, pa.string()), pa.array(["red shoe", "blue shoe", "green hat", None])),
    "vector": (np.zeros((4, 0), np.float32), np.eye(4, 8, dtype=np.float32)),
}


@pytest.mark.parametrize("kind", KINDS_LEARNED_OF)
def test_what_was_empty_one_night_is_learned_the_next(tmp_path: Path, kind: str) -> None:
    """The night before had the column, and nothing in it: what is there now is told apart, as without that night."""
    empty, known = KINDS_LEARNED_OF[kind]
    first = Encoders.fit({"it": empty}, {"it": kind}, TRAINED)
    nothing = first.encode({"it": empty})
    first.save(tmp_path, nothing)
    assert nothing[0].rows.shape[1] >= 1, "a layer reads it"
    assert (nothing[0].rows == nothing[0].rows[0]).all()
    before = Encoders.load(tmp_path)
    second, alone = (Encoders.fit({"it": known}, {"it": kind}, TRAINED, one) for one in (before, None))
    found, expected = second.encode({"it": known})[0], alone.encode({"it": known})[0]
    np.testing.assert_array_equal(found.rows, expected.rows)
    assert len(np.unique(found.rows[:3], axis=0)) > 1
    # Values that come after none move nothing that was learned; else weights would be read as they were never meant.
    assert second.changed(before.fingerprints()) == ([] if kind == "category" else ["it"])


@pytest.mark.parametrize("kind", KINDS_LEARNED_OF)
def test_a_column_that_is_empty_tonight_means_what_it_did(kind: str) -> None:
    empty, known = KINDS_LEARNED_OF[kind]
    before = Encoders.fit({"it": known}, {"it": kind}, TRAINED)
    tonight = Encoders.fit({"it": empty}, {"it": kind}, TRAINED, before)
    assert tonight.changed(before.fingerprints()) == []
    unknown = before.encode({"it": known})[0].rows[-1:] if kind != "vector" else np.zeros((1, 8))
    np.testing.assert_array_equal(tonight.encode({"it": empty})[0].rows[:, : unknown.shape[1]], unknown.repeat(4, 0))


def test_rows_go_to_internal_ids() -> None:
    inside = EncodedFeature("genre", 2, np.array([[1], [2]], np.int32)).inside(5)
    assert inside.rows.tolist() == [[0], [1], [2], [0], [0]]  # padding, two items, two buckets
