"""What the documents and the commands' help tell people to type is understood; what they link to is there."""

import argparse
import importlib
import importlib.metadata
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from recsys.cli import COMMANDS
from recsys.config import load_config, parse_config

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "serving/*.md", "pipelines/*.md", "benchmarks/*.md", "notebooks/*.md")
    for path in ROOT.glob(pattern)
)
FOLDERS = ("benchmarks", "configs", "docs", "notebooks", "pipelines", "recsys", "serving", "tests")
MADE = "benchmarks/measurements/"  # by a command, and never kept
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/(?:[\w.*-]+/)*(?:[\w.*-]+\.\w+)?)`")  # a file, or a folder's slash
LINE = re.compile(r"^\s*(?:\$ )?(?:\.venv/bin/)?recsys (\w+)(?: .*)?$")


def commands(text: str) -> list[str]:
    """Every line that calls ``recsys``, continuations joined, comments and redirections cut off."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = [
        line.strip().removeprefix("$ ").removeprefix(".venv/bin/") for line in joined.splitlines() if LINE.match(line)
    ]
    return [re.split(r"\s+#| > ", line)[0] for line in found]


def is_understood(line: str) -> bool:
    _, name, *arguments = shlex.split(line)
    if name not in COMMANDS:
        return False
    parser = argparse.ArgumentParser()
    importlib.import_module(f"recsys.cli.{name}").add_arguments(parser)
    try:
        parser.parse_args(arguments)
    except SystemExit as stopped:
        return stopped.code == 0
    return True


def documented() -> list[tuple[str, str]]:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in DOCUMENTS}
    texts |= {f"configs/{path.name}": path.read_text().replace("# ", "") for path in (ROOT / "configs").glob("*.yaml")}
    texts |= {f"recsys {name} --help": importlib.import_module(f"recsys.cli.{name}").__doc__ or "" for name in COMMANDS}
    return [(where, line) for where, text in texts.items() for line in commands(text)]


@pytest.mark.parametrize(("where", "line"), documented())
def test_what_is_to_be_typed_is_understood(where: str, line: str) -> None:
    # In a command's help an explanation may follow, set off by spaces.
    parts = re.split(r"\s{2,}", line) if where.endswith("--help") else [line]
    assert any(is_understood(" ".join(parts[:count])) for count in range(1, len(parts) + 1))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_paths_that_are_named_are_there(document: Path) -> None:
    named = PATH.findall(document.read_text())
    kept = [path for path in named if not path.startswith(MADE)]
    lost = [path for path in kept if not any(ROOT.glob(path.replace("NAME", "*").rstrip("/")))]
    assert not lost, "no such file or folder; NAME stands for any name"


@pytest.mark.parametrize("recipe", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda path: path.name)
def test_recipes_load(recipe: Path) -> None:
    load_config(recipe)


def test_the_config_in_the_readme_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    parse_config(yaml.safe_load(block))


def test_the_workers_image_is_a_recipe_without_complaint() -> None:
    """Not built here; hadolint reads it, and its versions are those that the job's machine has."""
    (recipe,) = re.findall(r"```dockerfile\n(.*?)```", (ROOT / "docs" / "engines.md").read_text(), re.DOTALL)
    beam = importlib.metadata.version("apache-beam")
    assert f"FROM apache/beam_python3.11_sdk:{beam}\n" in recipe
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed; make .venv/installed brings it")
    linted = subprocess.run([linter, "-"], input=recipe, capture_output=True, text=True, check=False)
    assert not linted.returncode, linted.stdout


def test_each_word_of_the_glossary_has_an_owner() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()
        if line.startswith("| ")
    ][1:]
    words = [word for word, _, _ in rows]
    assert len(words) > 50
    assert words == sorted(words, key=str.lower), "in the order of the alphabet"
    assert len(set(words)) == len(words), "one meaning a word"
    lost = [
        owner
        for _, _, owner in rows
        if not re.fullmatch(r"`[a-z_/]+\.py`", owner) or not (ROOT / owner.strip("`")).is_file()
    ]
    assert not lost
    for needed in ("channel", "distillation", "mixer", "OOV bucket", "protocol", "refit", "session", "variant"):
        assert needed in words
