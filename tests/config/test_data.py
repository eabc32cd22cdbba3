"""What a config may say of the log."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recsys.config import apply_override, parse_config
from recsys.core.errors import ConfigError
from recsys.log.values.identifiers import ids_as_text


@pytest.mark.parametrize("field", ["delimiter", "timestamp_unit", "columns", "items"])
def test_a_data_set_by_name_takes_no_columns_of_its_own(field: str) -> None:
    value = {"delimiter": ";", "timestamp_unit": "ms", "columns": {"user": "u"}, "items": {"path": "i.csv"}}[field]
    with pytest.raises(ConfigError, match=f"leave out {field}"):
        parse_config({"data": {"name": "movielens-100k", field: value}})


@pytest.mark.parametrize(
    "kind",
    [
        "1.0",
        "1",
        "0.00",
        "-7.0",
        "-0.0",
        "007.0",
        "1234567890123456.0",
        "9999999999999999.0",
        "1.5",
        "v1.0",
        "1e3",
        "buy",
    ],
)
def test_event_types_are_spelled_as_a_log_s_are_read(kind: str) -> None:
    values: dict[str, Any] = {"path": "log.csv", "columns": {"event_type": "kind"}, "event_types": {kind: {}}}
    read, _ = ids_as_text(pa.array([kind]))
    assert list(parse_config({"data": values}).data.event_types) == read.to_pylist()
    assert list(parse_config({"data": {**values, "event_types": {1.0: {}}}}).data.event_types) == ["1"]
    with pytest.raises(ConfigError, match="two of its types are one"):
        parse_config({"data": {**values, "event_types": {"1": {}, 1.0: {}}}})


TYPED: dict[str, Any] = {"path": "log.csv", "columns": {"event_type": "kind", "value": "rating"}}


@pytest.mark.parametrize(
    ("data", "model", "message"),
    [
        ({"path": "log.csv"}, "event_types", "reads the types that data.event_types names, and it names none"),
        (TYPED, "event_types", "reads the types that data.event_types names, and it names none"),
        ({"name": "movielens-100k"}, "event_types", "data.event_types names, and it names none"),
        ({"path": "log.csv"}, "event_values", "needs data.columns.value, the column that holds an event's value"),
    ],
)
def test_a_model_reads_what_the_data_has(data: dict[str, Any], model: str, message: str) -> None:
    assert parse_config({"data": data})
    with pytest.raises(ConfigError, match=message):
        parse_config({"data": data, "model": {model: True}})


def test_more_types_than_there_are_codes_for_are_refused() -> None:
    types = {str(number): {} for number in range(31)}
    with pytest.raises(ConfigError, match="names 31 types, of which there can be 30"):
        parse_config({"data": {**TYPED, "event_types": types}})


def test_a_data_set_by_name_brings_its_ratings() -> None:
    assert parse_config({"data": {"name": "movielens-100k"}, "model": {"event_values": True}}).model.event_values


def test_something_must_be_predicted() -> None:
    kinds: dict[str, Any] = {"view": {"target": False}, "skip": {"target": False}}
    with pytest.raises(ConfigError, match=r"none of the data\.event_types view, skip is a target"):
        parse_config({"data": {**TYPED, "event_types": kinds}})
    assert parse_config({"data": {**TYPED, "event_types": {**kinds, "buy": {}}}})


def test_a_whole_config_can_be_read_again() -> None:
    config = parse_config({"data": {"name": "movielens-100k"}})
    assert parse_config(config.to_json()) == config


@pytest.mark.parametrize(
    "key",
    [
        "data.path",
        "data.items.path",
        "training.warm_start",
        "export.since",
        "export.items",
        "export.policy",
        "export.student.teacher",
    ],
)
def test_paths_are_of_this_machine_or_of_a_store(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    def read(path: str) -> str:
        values: dict[str, Any] = {"data": {"path": "log.csv"}}
        apply_override(values, f"{key}={path}")
        found: Any = parse_config(values).to_json()
        for part in key.split("."):
            found = found[part]
        return str(found)

    assert read("~/x") == str(tmp_path / "x")
    assert read("s3://b/a b/*.csv") == "s3://b/a b/*.csv"  # a store's, on whichever machine it is read again
    with pytest.raises(ConfigError, match=f"{key}: 'https://b/x' is a URL"):
        read("https://b/x")


def test_a_kind_alone_stands_for_a_feature_and_their_order_is_none() -> None:
    features = {"price": "number", "brand": {"kind": "category", "separator": ";"}, "name": {"kind": "text"}}
    config = parse_config({"data": {"path": "log.csv", "items": {"path": "items.csv", "features": features}}})
    assert config.data.items is not None
    found = config.data.items.features
    assert [(name, one.kind, one.separator) for name, one in found.items()] == [
        ("brand", "category", ";"),
        ("name", "text", "|"),
        ("price", "number", "|"),
    ]
    assert parse_config(config.to_json()) == config


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ({"path": "i.csv", "features": {"genre": "categories"}}, "features.genre.kind: .*'category', 'number'"),
        ({"path": "i.csv", "features": {"x": {"kind": "text", "separator": ";"}}}, "separator is a category's"),
        ({"path": "i.csv", "features": {"item_id": "category"}}, "'item_id' is the column of the item's id"),
        ({"path": "i.csv", "features": ["genre"]}, "features: .*dictionary"),
        ({"features": {"genre": "category"}}, "data.items needs its path"),
    ],
)
def test_features_that_are_none_are_refused(items: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_config({"data": {"path": "log.csv", "items": items}})


def test_a_data_set_by_name_has_a_table_whose_features_can_be_named() -> None:
    features = {"genres": "category", "year": "number", "title": "text"}
    config = parse_config({"data": {"name": "movielens-100k", "items": {"features": features}}})
    assert config.data.items is not None
    assert list(config.data.items.features) == ["genres", "title", "year"]
    assert parse_config(config.to_json()) == config
    related = parse_config({"data": {"name": "movielens-100k", "relations": {"path": "sequels.csv"}}})
    assert related.data.relations is not None
    with pytest.raises(ConfigError, match=r"leave out items \(but data.items.features and data.relations\)"):
        parse_config({"data": {"name": "movielens-100k", "items": {"path": "i.csv", "features": features}}})
