"""Every name and value that people have, as MLflow takes them: by its own checks, and no two as one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mlflow.utils import validation

from recsys.tracking.store import names

TRICKY = st.text(st.sampled_from(list("_xat@$0045F./ é😀\n:A-")), max_size=12)
PARTS = st.lists(TRICKY | st.text(max_size=8), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ndcg@10", "ndcg_at_10"),
        ("$pageview", "_x0024_pageview"),
        ("cart (web)", "cart _x0028_web_x0029_"),
        ("a/b", "a_x002F_b"),
        ("😀", "_x1F600_"),
        ("", "_x_"),
        ("..", "_x002E__x002E_"),
        ("_x0024_", "_x005F_x0024_"),
        ("look_at_it", "look_x005F_at_it"),
        ("größe_m", "größe_m"),
    ],
)
def test_names_stay_readable(text, kept):
    assert names.name([text], "/") == kept
    assert names.field_name(kept) == text


@given(PARTS, st.sampled_from("./"))
def test_mlflow_takes_every_name(parts, separator):
    kept = names.name(["section", *parts], separator)
    validation._validate_param_name(kept)
    validation._validate_metric_name(kept)
    validation._validate_tag_name(kept)
    assert len(kept) <= validation.MAX_ENTITY_KEY_LENGTH


@given(TRICKY | st.text(max_size=8))
def test_a_kept_name_says_what_it_stands_for(text):
    assert names.field_name(names.name([text], "/")) == text


@given(PARTS, PARTS, st.sampled_from("./"))
def test_two_names_never_become_one(one, other, separator):
    assume(one != other)
    assert names.name(one, separator) != names.name(other, separator)


def test_long_names_differ_by_their_ends_too():
    one, other = (names.name(["a" * 400 + end], ".") for end in "xy")
    assert one != other
    assert len(one) == len(other) == 250


@given(st.text(st.characters() | st.sampled_from("\0\ud800"), max_size=30))
def test_a_value_can_be_written_by_any_database(text):
    kept = names.value(text, 20)
    assert len(kept) <= 20
    assert "\0" not in kept
    kept.encode()


def test_lengths_are_mlflows():
    assert (names.NAME_LENGTH, names.PARAMETER_LENGTH, names.TAG_LENGTH, names.TITLE_LENGTH) == (
        validation.MAX_ENTITY_KEY_LENGTH,
        validation.MAX_PARAM_VAL_LENGTH,
        validation.MAX_TAG_VAL_LENGTH,
        validation.MAX_DATASET_NAME_SIZE,
    )
