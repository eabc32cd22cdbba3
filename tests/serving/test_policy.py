"""The policy's rules, case by case; the web client replays the same file."""

import json
from pathlib import Path

import pytest

from recsys.bundle import read_policy
from recsys.core.errors import ArtifactError
from serving.policy import apply_policy

FILE = Path(__file__).parents[1] / "golden" / "policy.json"
GOLDEN = json.loads(FILE.read_text())


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_cases(case: dict, tmp_path: Path) -> None:
    """Freshness by hand: 2024-01-01 is 152 days, one half-life, before 2024-06-01, so a gains 1 · 1/2. Of what stands
    under ``shot`` only e's is a date as every client reads it, and the year 0 is none however long half-lives are.
    A weight below 0 takes as much from the same items, and gives them the same reason; one of 0 moves none. With a
    half-life of 151 days a is past it: 2^(-152 / 151) is 0.4977, and no news.

    Variety by hand: after a (3.0), b is half like it (2.9 - 2 · 1/2 = 1.9), c not at all (2.5); after c, d is half
    like a (1.0), e is like none (2.0) and b still 1.9.
    """
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"version": 1, "rules": case["rules"]}))
    found = apply_policy(
        read_policy(path),
        dict(GOLDEN["scores"]),
        GOLDEN["seen"],
        lambda item, column: GOLDEN["columns"][item][column],
        GOLDEN["now"],
    )
    assert [(one.item, one.reasons) for one in found] == [(item, reasons) for item, _, reasons in case["expected"]]
    assert [one.score for one in found] == pytest.approx([score for _, score, _ in case["expected"]], abs=0.01)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([{"rule": "shuffle"}], "rule 0: expected one of remove_seen"),
        (["remove_seen"], "rule 0: expected one of"),
        ([{"rule": "boost", "column": "genres"}], r"missing \['value', 'by', 'reason'\]"),
        ([{"rule": "remove_seen", "x": 1}], r"unknown \['x'\]"),
        ([{"rule": "boost", "column": "g", "value": "x", "by": "much", "reason": ""}], "by must be a number"),
        ([{"rule": "fresh", "column": "d", "half_life_days": 0, "by": 1}], "half_life_days must be positive"),
        ([{"rule": "diverse", "column": "g", "strength": 1, "first": 5}, {"rule": "remove_seen"}], "must be the last"),
    ],
)
def test_rules_that_cannot_be_used(rules: list, reason: str, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps({"version": 1, "rules": rules}))
    with pytest.raises(ArtifactError, match=reason):
        read_policy(tmp_path / "policy.json")


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "rules": []}'])
def test_files_that_are_no_policy(text: str, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"policy\.json"):
        read_policy(tmp_path / "policy.json")
