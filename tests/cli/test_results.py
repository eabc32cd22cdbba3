"""``--json`` prints one object of a documented class, whatever the command."""

import ast
import importlib
import inspect
import json
import re
import shutil
from dataclasses import fields
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from recsys.cli import COMMANDS, main, results
from recsys.cli.results import bundles, data, rankings
from recsys.cli.results.base import Result

GOLDEN = Path(__file__).parents[1] / "golden"
MODULES = [importlib.import_module(found.name) for found in iter_modules(results.__path__, f"{results.__name__}.")]
KINDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if inspect.isclass(kind) and issubclass(kind, Result) and kind.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Result])
def test_every_field_is_documented(kind: type[Result]) -> None:
    documents = [inspect.cleandoc(one.__doc__ or "") for one in kind.__mro__ if issubclass(one, Result)]
    documented = {name for text in documents for name in re.findall(r"^    (\w+): ", text, re.MULTILINE)}
    assert documented == {field.name for field in fields(kind)}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_the_classes_that_name_it(command: str) -> None:
    """mypy sees to it that ``print_json`` is given nothing else."""
    tree = ast.parse(inspect.getsource(importlib.import_module(f"recsys.cli.{command}")))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    made = {kind.__name__ for kind in KINDS if kind.__name__ in called}
    if not made and "combine" in called:  # it makes the object that evaluate prints
        made = {"EvaluateResult"}
    assert made == {kind.__name__ for kind in KINDS if re.match(rf"``recsys {command}\b", kind.__doc__ or "")}
    assert bool(made) == ("add_json" in called)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_keys_are_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = (str(shutil.copytree(GOLDEN / name, tmp_path / name)) for name in ("float32", "int8"))
    delta = str(tmp_path / "delta")
    log = ["data", "synthetic", "--users=9", "--items=7", "--mean-length=5", "--out", str(tmp_path / "log")]
    for kind, arguments in (
        (data.SyntheticResult, log),
        (bundles.InspectResult, ["bundle", "inspect", old]),
        (bundles.VerifyResult, ["bundle", "verify", old]),
        (bundles.DiffResult, ["bundle", "diff", old, new]),
        (bundles.DeltaResult, ["bundle", "delta", old, new, "--out", delta]),
        (bundles.ApplyResult, ["bundle", "apply", old, delta, "--out", str(tmp_path / "applied")]),
        (rankings.RerankResult, ["rerank", new, "--history", "5", "--top", "3"]),
    ):
        assert set(printed(capsys, *arguments)) == {field.name for field in fields(kind)}, kind
