"""What ``recsys explain`` prints of explanations; tests/evaluation/items has it explain a model."""

import io

import pytest
from rich.console import Console

from recsys.cli import main
from recsys.cli.explain import described, table
from recsys.cli.results.rankings import ExplainResult
from recsys.evaluation.items.explaining import Because, Explanation

ALIEN = Because("12", 0.75, {"director": ("Ridley Scott",), "name": ()})
RUNNER = Explanation("50", 2.5, 1.0, 0.25, 0.0, {"director": 1.5, "year": -0.25}, (ALIEN, Because("7", 0.1, {})))
TITLES = {"50": "Blade Runner", "12": "Alien", "7": None}


def test_explanations_have_titles_where_there_are_some() -> None:
    (one,) = described([RUNNER], TITLES)
    assert (one["item"], one["title"], one["score"]) == ("50", "Blade Runner", 2.5)
    assert one["average"] + one["own"] + one["memory"] + sum(one["features"].values()) == one["score"]
    assert one["because"] == [
        {"item": "12", "title": "Alien", "attribution": 0.75, "shared": {"director": ("Ridley Scott",), "name": ()}},
        {"item": "7", "attribution": 0.1, "shared": {}},
    ]


@pytest.mark.parametrize(("user", "whose"), [("9", "after user 9"), (None, "after this history")])
def test_a_table_says_what_a_score_is_made_of(user: str | None, whose: str) -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(table(ExplainResult("work/runs/x", user, described([RUNNER], TITLES), [])))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it is a StringIO
    assert whose in lines[0]
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    assert cells == [
        ["Blade Runner", "2.500", "the average item", "+1.000"],
        ["", "", "director", "+1.500"],
        ["", "", "year", "-0.250"],
        ["", "", "what events taught of it", "+0.250"],
        ["", "", "because of Alien: director Ridley Scott; name alike", "+0.750"],
        ["", "", "because of 7", "+0.100"],
    ]


@pytest.mark.parametrize("whose", [[], ["--user", "9", "--history", "50"]])
def test_whose_history_it_is_must_be_said_once(whose: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["explain", "work/runs/x", *whose, "--items", "50"])
    assert "--history" in capsys.readouterr().err
