"""YAML that is read strictly: duplicates, words, aliases, and whatever else stands in a file."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recsys.config import load_config
from recsys.config.yaml_text import read_yaml
from recsys.core.errors import ConfigError

DATA = "data: {path: log.csv}\n"


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        (f"prepare: {{k_core: 1}}\n{DATA}prepare: {{k_core: 2}}\n", "prepare", "1 and 3"),
        (f"{DATA}prepare:\n  k_core: 1\n  max_items: 9\n  k_core: 1\n", "k_core", "3 and 5"),
        (f"{DATA}prepare: {{k_core: 1, 'k_core': 2}}\n", "k_core", "2 and 2"),
        (f"{DATA}evaluation:\n  ks:\n  - {{a: 1,\n     a: 2}}\n", "a", "4 and 5"),
        (f"{DATA}prepare: &p {{k_core: 1}}\nmodel:\n  <<: *p\n  <<: *p\n", "<<", "4 and 5"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text: str, key: str, lines: str, tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"twice.yaml: key '{key}' stands twice, in lines {lines}"):
        load_config(file)


def test_a_merged_key_may_be_overridden_as_often_as_it_is_merged() -> None:
    text = "base: &b {x: 1, y: 2}\none: &one {<<: *b, y: 3}\ntwo: {<<: [*one, *b], x: 4}\nthree: {<<: *one}\n"
    read = read_yaml(text)
    assert read["one"] == {"x": 1, "y": 3}
    assert read["two"] == {"x": 4, "y": 3}
    assert read["three"] == {"x": 1, "y": 3}


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n", "12:30:45", "2024-01-31", "010", "1e5", "089"])
def test_words_are_what_they_look_like(word: str) -> None:
    assert read_yaml(f"item: {word}") == {"item": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("1_000", 1000), ("-3", -3), ("0.5", 0.5), ("-1.5e-3", -0.0015), ("~", None),
     ("", None), ("null", None), ("0x10", 16), ("[1, 2]", [1, 2]), ('"1"', "1")],
)  # fmt: skip
def test_plain_values(text: str, value: object) -> None:
    assert read_yaml(text) == value
    assert type(read_yaml(text)) is type(value)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "true", "False"])
def test_any_boolean_word_sets_a_boolean_key(word: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{DATA}training: {{refit: {word}}}\n", encoding="utf-8")
    expected = word.lower() in ("yes", "on", "true")
    assert load_config(tmp_path / "a.yaml").training.refit is expected
    assert load_config(tmp_path / "a.yaml", [f"training.refit={word}"]).training.refit is expected


def test_a_date_is_still_a_date(tmp_path: Path) -> None:
    text = f"{DATA}prepare: {{split: temporal, validation_from: 2024-01-31, test_from: 2024-02-01 10:00:00}}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    prepare = load_config(tmp_path / "a.yaml").prepare
    assert prepare.validation_from is not None
    assert prepare.validation_from.isoformat() == "2024-01-31T00:00:00"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "more than 10,000 values"),
        (MERGES, "more than 10,000 values"),
        ("a: &a [*a]", "line 1: an alias stands for what it is inside of"),
        ("[" * 5000, "nested too deeply"),
        ("data:\n\tpath: x", "indent with blanks, not with tabs"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: !!int x", "not YAML"),
        ("a: !!int ''", "not YAML"),
        ("a: !!bool x", "not YAML"),
        ("a: !!timestamp x", "not YAML"),
        (f"a: {'1' * 5000}", "not YAML"),
        ("{[a]: b}", "unhashable key"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: \x00", "special characters"),
    ],
)
def test_what_is_no_config_is_told(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why):
        read_yaml(text)
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml: "):
        load_config(tmp_path / "bad.yaml")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("data: {path: größe.csv}".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "latin.yaml")
    (tmp_path / "mark.yaml").write_bytes(b"\xef\xbb\xbfdata: {path: log.csv}")
    assert load_config(tmp_path / "mark.yaml").data.path == Path("log.csv")
    with pytest.raises(ConfigError, match="a folder"):
        load_config(tmp_path)


def test_a_value_of_another_type_is_told_to_be_quoted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("data: {path: x, columns: {user: 7}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"data.columns.user: .*found 7 \(in quotes it is a string\)"):
        load_config(tmp_path / "a.yaml")


@given(st.text())
def test_what_pyyaml_writes_of_a_string_is_read_as_that_string(value: str) -> None:
    assert read_yaml(yaml.safe_dump({"a": value})) == {"a": value}


def test_of_two_overrides_of_one_key_the_last_counts(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{DATA}prepare:\n", encoding="utf-8")
    overrides = ["prepare.k_core=2", "prepare.k_core=3"]
    assert load_config(tmp_path / "a.yaml", overrides).prepare.k_core == 3


def test_nobody_reads_yaml_past_the_loader_that_refuses_a_key_twice():
    root = Path(__file__).parents[2]
    for path in [*root.glob("recsys/**/*.py"), *root.glob("pipelines/**/*.py")]:
        if path.name != "yaml_text.py":
            assert not re.search(r"yaml\.(safe_|full_|unsafe_)?load", path.read_text(encoding="utf-8")), path


def test_a_log_in_a_configs_place_is_told_what_makes_one(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    log.write_text("user_id,item_id,timestamp\n")
    with pytest.raises(
        ConfigError, match=rf"found str; of a log, recsys init {re.escape(str(log))} writes such a file"
    ):
        load_config(log)
