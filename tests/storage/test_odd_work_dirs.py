"""Work directories of every kind on this machine: each works, or the command says why not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.cli import main

ROOT = Path(__file__).parents[2]
LOG = "user_id,item_id,timestamp\n" + "".join(f"u{n % 3},i{n % 5},{n}\n" for n in range(30))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))
    (tmp_path / "log.csv").write_text(LOG)
    path = tmp_path / "recipe.yaml"
    path.write_text(f"data: {{path: {tmp_path / 'log.csv'}}}\nprepare: {{k_core: 1}}\n")
    return path


@pytest.mark.parametrize("name", ["our Вещи/a%2Fb%20c #?;&*[x]", "../beside"])
def test_a_name_of_any_kind_works(
    name: str, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert main(["prepare", str(recipe), "--work-dir", name, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["path"].startswith(f"{name}/datasets/")
    assert (here / made["path"] / "manifest.json").is_file()
    assert main(["prepare", str(recipe), "--work-dir", str((here / name).resolve()), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reused"]


def mounted(options: str, recipe: Path, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """``recsys prepare`` with a work directory on a file system of its own, which no other process sees."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs unshare and the right to use it: a file system of its own is mounted")
    mount = tmp_path / "mount"
    mount.mkdir()
    program = "import sys; from recsys.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "prepare", str(recipe), "--work-dir", str(mount / "work")]
    script = f'mount -t tmpfs -o {options} none "$1" && shift && exec "$@"'
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(mount), *command], capture_output=True, text=True, cwd=ROOT
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("size=64m", 0, ""),
        ("ro", 1, "Read-only file system"),
        ("size=16k", 1, "No space left on device"),
    ],
    ids=["another", "read-only", "full"],
)
def test_on_a_mount(options: str, code: int, said: str, recipe: Path, tmp_path: Path) -> None:
    done = mounted(options, recipe, tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_its_place_is_named(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "work").write_text("")
    assert main(["prepare", str(recipe), "--work-dir", str(tmp_path / "work")]) == 1
    assert f"{tmp_path / 'work'}" in capsys.readouterr().err
