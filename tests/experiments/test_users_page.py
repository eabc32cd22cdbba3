"""The page of single users: its words, its marks, and what a log may have put into names."""

import pyarrow as pa
import pytest

from recsys.core.errors import ConfigError
from recsys.experiments.pages.users_page import NEWEST, render_users


def lists(*rows: tuple[str, str, str, float, list[str | None], list[str]]) -> pa.Table:
    names = ("run", "user_id", "target", "rank", "history", "items")
    return pa.Table.from_pylist(
        [{**dict(zip(names, row, strict=True)), "split": "test", "timestamp": 5, "seed": 1} for row in rows]
    )


def test_two_runs_stand_side_by_side_and_the_target_is_marked() -> None:
    table = lists(
        ("r1", "u1", "c", 2.0, ["a", None, "b"], ["d", "c"]),
        ("r2", "u1", "c", 7.5, ["a", None, "b"], ["e", "f"]),
        ("r1", "u2", "d", 1.0, ["a"], ["d", "c"]),
    )
    page = render_users(table, {"r1": "first", "r2": "second", "c": "Casablanca"}, ["u1"])
    assert page.count("<mark>Casablanca</mark>") == 2  # what came next, and in the first run's list
    assert "first: place 2<br>" in page.replace("\n", "")
    assert "second: place 7.5" in page
    assert page.index("<td>b</td>") < page.index("an unknown item") < page.index("<td>a</td>")
    assert "User u2" not in page


def test_only_the_newest_of_a_long_history_are_shown() -> None:
    page = render_users(lists(("r", "u", "t", 3.0, [f"h{n}" for n in range(50)], ["x"])), {}, ["u"])
    assert page.count("<td>h") == NEWEST
    assert "<td>h49</td>" in page


def test_names_are_escaped() -> None:
    page = render_users(lists(("r", "<b>u</b>", "t", 3.0, [], ["x"])), {"x": "<script>alert(1)</script>"}, ["<b>u</b>"])
    assert "<script>" not in page
    assert "&lt;b&gt;u&lt;/b&gt;" in page


def test_a_user_without_a_target_is_named() -> None:
    with pytest.raises(ConfigError, match="'u9': no such user"):
        render_users(lists(("r", "u", "t", 3.0, [], ["x"])), {}, ["u9"])
