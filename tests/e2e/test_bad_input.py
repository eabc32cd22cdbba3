"""Bad input: the exit code, a message that names the file, row or key, and nothing half-written."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Recsys, half_written

HEADER = "user_id,item_id,timestamp,event_id\n"


def good_rows(users: int = 8, events: int = 6) -> list[str]:
    return [
        f"u{u},i{(u + e) % 5},{1_700_000_000 + 60 * e},{u * events + e}\n" for u in range(users) for e in range(events)
    ]


def check_nothing_was_made(work_dir: Path) -> None:
    assert half_written(work_dir) == []
    for kind in ("datasets", "runs", "bundles"):
        assert not list((work_dir / kind).glob("*"))


Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        (tmp_path / "log.csv").write_text(text)
        return tmp_path / "log.csv"

    return to_file


def test_a_missing_log(recipe: Path, recsys: Recsys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recsys("run", recipe, "--set", "data.path=absent.csv") == 3
    assert "absent.csv: no such file" in capsys.readouterr().err
    check_nothing_was_made(tmp_path / "work")


def test_a_missing_column(
    recipe: Path, recsys: Recsys, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write("".join([HEADER, *good_rows()]))
    assert recsys("run", recipe, "--set", f"data.path={log}", "--set", "data.columns.user=customer") == 3
    told = capsys.readouterr().err
    assert f"{log}: column 'customer'" in told
    assert "user_id, item_id, timestamp, event_id" in told
    check_nothing_was_made(tmp_path / "work")


def test_text_where_a_timestamp_belongs(
    recipe: Path, recsys: Recsys, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = good_rows()
    rows[20] = "u9,i1,yesterday,99\n"  # line 22: the header is line 1
    log = write("".join([HEADER, *rows]))
    assert recsys("run", recipe, "--set", f"data.path={log}", "--set", "prepare.max_rejected_share=0.001") == 3
    told = capsys.readouterr().err
    assert f"{log}:22" in told
    assert "yesterday" in told
    assert "timestamp" in told
    check_nothing_was_made(tmp_path / "work")


@pytest.mark.parametrize("text", ["", HEADER])
def test_an_empty_log(
    recipe: Path, recsys: Recsys, write: Write, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write(text)
    assert recsys("run", recipe, "--set", f"data.path={log}") == 3
    assert str(log) in capsys.readouterr().err
    check_nothing_was_made(tmp_path / "work")


def test_users_who_are_all_too_short(
    recipe: Path, recsys: Recsys, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write("".join([HEADER, *good_rows(users=9, events=1)]))
    assert recsys("run", recipe, "--set", f"data.path={log}") == 3
    told = capsys.readouterr().err
    assert "user" in told
    assert "event" in told
    assert half_written(tmp_path / "work") == []
    assert not list((tmp_path / "work" / "bundles").glob("*"))


def test_nothing_passes_the_core(
    recipe: Path, recsys: Recsys, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write("".join([HEADER, *good_rows(users=3, events=4)]))
    assert recsys("run", recipe, "--set", f"data.path={log}", "--set", "prepare.k_core=9") == 3
    assert "k_core" in capsys.readouterr().err
    check_nothing_was_made(tmp_path / "work")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epoch=3", "training.epoch: unknown key; did you mean 'epochs'?"),
        ("trainning.epochs=3", "trainning: unknown key; did you mean 'training'?"),
        ("training.epochs=many", "training.epochs: Input should be a valid integer.*found 'many'"),
        ("training.epochs", "expected key=value, for example training.epochs=20"),
        ("data.name=movielens-100k", "give either data.name .* or data.path"),
    ],
)
def test_a_bad_key(
    recipe: Path, recsys: Recsys, override: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recsys("run", recipe, "--set", override) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "work").exists()


def test_a_format_that_nothing_makes_is_refused_before_anything_is_made(
    recipe: Path, recsys: Recsys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recsys("run", recipe, "--set", "export.format=onnx") == 2
    assert "export.format: no format 'onnx' of model files; expected one of tflite" in capsys.readouterr().err
    check_nothing_was_made(tmp_path / "work")


def test_a_missing_config(recsys: Recsys, capsys: pytest.CaptureFixture[str]) -> None:
    assert recsys("run", "absent.yaml") == 2
    assert "absent.yaml: no such config" in capsys.readouterr().err


def test_a_config_that_is_no_yaml(recsys: Recsys, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text("data: [unclosed")
    assert recsys("run", tmp_path / "bad.yaml") == 2
    assert "bad.yaml: not YAML" in capsys.readouterr().err


@pytest.mark.long
def test_a_variant_that_is_refused_does_not_keep_back_the_others(
    tmp_path: Path, recipe: Path, recsys: Recsys, capsys: pytest.CaptureFixture[str]
) -> None:
    """No float32 score is Keras' to twelve digits; int8 is held to its quality alone."""
    assert recsys("run", recipe, "--set", "export.tolerance=1e-12") == 1
    told = capsys.readouterr().err
    assert "float32: scores differ from Keras'" in told
    assert told.rstrip().endswith(": int8")
    assert [path.name for path in (tmp_path / "work" / "bundles").glob("*/*")] == ["int8"]
