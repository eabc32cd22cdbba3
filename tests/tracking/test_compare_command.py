"""``recsys compare`` from end to end, on runs that no one had to train."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from recsys.cli import main
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.sync import sync


@pytest.fixture
def two_configs(make_run, work_dir):
    """Two configs of two seeds each, the second clearly better; none of them sent yet."""
    return [
        make_run(seed, width=width, quality=quality, users=400)
        for width, quality in ((8, 0.2), (16, 0.6))
        for seed in (1, 2)
    ]


def test_it_sends_what_is_missing_then_compares(two_configs, work_dir, capsys):
    assert main(["compare", "--work-dir", str(work_dir), "--json", "--baseline", two_configs[0].digest[:12]]) == 0
    found = json.loads(capsys.readouterr().out)
    best, baseline = found["groups"]
    assert found["protocols"] == ["leave_one_out"]
    assert (best["seeds"], baseline["seeds"]) == ([1, 2], [1, 2])
    assert (best["parameters"], baseline["parameters"]) == ({"model.width": "16"}, {"model.width": "8"})
    scores = [run.metrics["model"]["ndcg@10"] for run in two_configs[2:]]
    assert best["metrics"]["ndcg@10"]["mean"] == pytest.approx(sum(scores) / 2)
    assert best["against_baseline"]["p_value_holm"] < 0.01
    assert best["against_baseline"]["difference"] == pytest.approx(
        best["metrics"]["ndcg@10"]["mean"] - baseline["metrics"]["ndcg@10"]["mean"]
    )
    assert "against_baseline" not in baseline


def test_the_tables_are_for_people(two_configs, work_dir, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["compare", "--work-dir", str(work_dir), "--baseline", str(two_configs[0].path)]) == 0
    shown = capsys.readouterr().out
    assert "width" in shown
    assert "epochs" not in shown
    assert len(re.findall(r"0\.\d{4} ± \d\.\d{4}", shown)) == 2 * 3
    assert shown.index("width 16") < shown.index("width 8") < shown.index("popularity")
    assert re.search(r"[+-]0\.\d{4} … [+-]0\.\d{4}", shown)
    assert f"Against {two_configs[0].manifest.name}-" in shown


def test_mixed_data_is_refused_with_exit_code_2(make_run, work_dir, capsys):
    runs = [make_run(seed=1), make_run(seed=1, content="another log")]
    named = [str(run.path) for run in runs]
    assert main(["compare", *named, "--work-dir", str(work_dir)]) == 2
    assert "they differ in dataset" in capsys.readouterr().err
    assert main(["compare", *named, "--work-dir", str(work_dir), "--mixed"]) == 0


def test_unnamed_runs_are_those_like_the_newest_or_like_the_baseline(make_run, work_dir, capsys):
    first = make_run(seed=1)
    make_run(seed=5, content="another log", day=2)
    make_run(seed=6, content="another log", day=2)

    def compared(*arguments: str) -> tuple[list[int], str]:
        assert main(["compare", "--work-dir", str(work_dir), "--json", *arguments]) == 0
        out, err = capsys.readouterr()
        return [seed for group in json.loads(out)["groups"] for seed in group["seeds"]], err

    seeds, said = compared()
    assert seeds == [5, 6]
    assert "1 runs on other data" in said
    seeds, said = compared("--baseline", str(first.path))
    assert seeds == [1]
    assert "2 runs on other data" in said
    assert sorted(compared("--mixed")[0]) == [1, 5, 6]
    assert main(["compare", "--work-dir", str(work_dir), "--baseline", "nobody"]) == 2
    assert "no run by that name" in capsys.readouterr().err


def test_the_page_stands_alone_and_escapes_what_the_store_says(make_run, work_dir, tmp_path):
    make_run(seed=1, name="<script>alert(1)</script>$x$")
    make_run(seed=1, width=16, name="other", quality=0.7)
    page = tmp_path / "page.html"
    assert main(["compare", "--work-dir", str(work_dir), "--html", str(page), "--json", "--baseline", "other"]) == 0
    text = page.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$x$" in text
    assert text.count("<svg") == 2
    links = set(re.findall(r"(?:src|href)=[\"']([^\"'#][^\"']*)", text))
    assert links == set()
    assert not re.search(r"url\((?!#)|@import", text)


def test_selection_by_digest_name_and_condition(two_configs, work_dir, capsys):
    def seeds_of(*arguments: str) -> list[list[int]]:
        assert main(["compare", "--work-dir", str(work_dir), "--json", *arguments]) == 0
        return [group["seeds"] for group in json.loads(capsys.readouterr().out)["groups"]]

    assert seeds_of(two_configs[1].digest[:10]) == [[2]]
    assert seeds_of("--where", "params.`model.width` = '16'") == [[1, 2]]
    assert seeds_of("toy") == [[1, 2], [1, 2]]
    assert main(["compare", "--work-dir", str(work_dir), "nobody"]) == 2
    assert "names here: toy" in capsys.readouterr().err
    assert main(["compare", "--work-dir", str(work_dir), "--where", "width is 16"]) == 1
    assert "mlflow.db" in capsys.readouterr().err


def test_an_artifact_outside_the_root_is_refused(two_configs, work_dir, tracking, capsys, tmp_path):
    for run in two_configs:
        sync(run, tracking, work_dir)
    from sqlalchemy import create_engine, text

    with create_engine(open_store(tracking, work_dir).uri).begin() as connection:
        connection.execute(text("UPDATE runs SET artifact_uri = :uri"), {"uri": (tmp_path / "elsewhere").as_uri()})
    assert main(["compare", "--work-dir", str(work_dir), "--baseline", two_configs[0].digest[:12]]) == 3
    assert "outside the artifact root" in capsys.readouterr().err


def test_a_baseline_is_tested_against_by_its_users_ranks(make_run, work_dir, capsys):
    """30 of 60 users are first with the run, 20 with the baseline."""
    run = make_run(finished=False)
    run.baselines_dir.mkdir()
    users = [f"u{number}" for number in range(60)]
    ranks = {"user_id": users, "target": np.ones(60, np.int32), "rank": [1.0] * 20 + [99.0] * 40, "split": "test"}
    pd.DataFrame(ranks).to_parquet(run.baselines_dir / "popularity.parquet")
    make_run.finish(run)
    command = ["compare", "--work-dir", str(work_dir), "--baseline", "popularity"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (group,) = found["groups"]
    assert found["baseline"] == "popularity"
    assert group["against_baseline"]["difference"] == pytest.approx(run.metrics["model"]["ndcg@10"] - 20 / 60)
    assert found["baselines"]["popularity"]["ndcg@10"]["mean"] == 0.05
    assert main(command) == 0
    assert "another seed may differ by more" in " ".join(capsys.readouterr().out.split())


def test_a_baseline_whose_ranks_were_not_kept_is_told(make_run, work_dir, capsys):
    make_run()
    assert main(["compare", "--work-dir", str(work_dir), "--baseline", "popularity"]) == 3
    assert "popularity.parquet is missing from the store" in capsys.readouterr().err


def test_a_page_that_cannot_be_made_leaves_the_one_that_is_there(make_run, work_dir, tmp_path):
    make_run()
    page = tmp_path / "page.html"
    page.write_text("yesterday's")

    command = ["compare", "--work-dir", str(work_dir), "--html", str(page)]
    assert main([*command, "--metric", "ndcg@99"]) == 2
    assert page.read_text() == "yesterday's"
    assert main(command) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.glob("*page*")] == ["page.html"], "nothing is left beside it"
