"""Who may import whom, read off the source; and what importing the device's code really loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STANDARD = set(sys.stdlib_module_names)

# What a phone needs: the standard library and numpy.
LIGHT = (
    "recsys.core.schema", "recsys.core.errors", "recsys.core.artifact", "recsys.core.locks", "recsys.core.owners", "recsys.bundle",
    "recsys.core.hashing", "recsys.core.history", "recsys.core.vocabulary",
)  # fmt: skip
DATA = {"numpy", "pandas", "pyarrow", "pydantic", "yaml", "rich", "matplotlib"}
KERAS = {"tensorflow", "tf_keras", "keras", "tensorflow_recommenders"}
MATHS = {*DATA, "scipy", "psutil"}
# First match wins: module prefix → packages from outside the standard library that it may import.
OUTSIDE: list[tuple[str, set[str]]] = [
    *((name, {"numpy"}) for name in LIGHT),
    ("recsys.models.keras", KERAS),
    ("recsys.config", {"pydantic", "pydantic_core", "yaml"}),
    ("recsys.terminal", {"rich"}),
    ("recsys.cli.plain_table", {"rich"}),
    ("recsys.data", DATA),
    ("recsys.artifacts.scores", DATA),
    ("recsys.models", {*MATHS, "tensorflow"}),
    ("recsys.training", MATHS),
    ("recsys.evaluation", MATHS),
    (
        "recsys.export",
        {*MATHS, "tensorflow", "litert_quantizer", "ai_edge_litert", "flatbuffers", "cryptography", "bsdiff4"},
    ),
    ("recsys.tracking", {*MATHS, "mlflow", "optuna", "sqlalchemy", "jinja2"}),
    ("recsys.cli", {*MATHS, "yaml", "pydantic", "mlflow", "optuna"}),
    ("recsys", {"numpy"}),
    ("pipelines", {*DATA, "apache_beam", "psutil"}),
    ("serving.interpreter", {"numpy", "ai_edge_litert"}),
    ("serving", {"numpy", "cryptography"}),
]
# Module prefix → our own modules that it must never import, wherever the import stands.
ORDER = ("config", "data", "models", "evaluation", "training", "export")  # each may import those before it
LATER = {name: tuple(f"recsys.{later}" for later in ORDER[place + 1 :]) for place, name in enumerate(ORDER)}
OUTER = ("recsys.tracking", "recsys.cli", "pipelines", "serving")
ROOT_MODULES = (
    "schema",
    "errors",
    "artefact",
    "locks",
    "owners",
    "run",
    "scores",
    "stage",
    "terminal",
    "local_path",
    "plain_table",
)
ABOVE_ARTEFACTS = (*(f"recsys.{name}" for name in ("models", "evaluation", "training", "export")), *OUTER)
FORBIDDEN: list[tuple[str, tuple[str, ...]]] = [
    *((f"recsys.{name}", (*later, *OUTER)) for name, later in LATER.items()),
    *((f"recsys.{name}", ABOVE_ARTEFACTS) for name in ("bundle", *ROOT_MODULES)),
    ("recsys.tracking", ("recsys.training", "recsys.cli", "pipelines", "serving")),
    ("recsys.cli", ()),
    ("recsys", ("recsys.cli", "pipelines", "serving")),
    ("pipelines", ("recsys.cli", "recsys.training", "recsys.tracking", "serving")),
    ("serving", ("recsys.cli", "pipelines")),
]


def modules() -> dict[str, Path]:
    found = {}
    for package in ("recsys", "pipelines", "serving"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import; ``from x import y`` gives ``x.y``."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if typing_only or (inside and top_level_only):
                continue
            yield child
            yield from walk(child)

    for node in walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


@pytest.mark.parametrize("module", MODULES)
def test_packages_from_outside(module: str) -> None:
    allowed = next(packages for prefix, packages in OUTSIDE if is_within(module, prefix))
    ours = {"recsys", "pipelines", "serving"}
    strangers = [
        f"{MODULES[module].relative_to(ROOT)}:{line}: {name}"
        for line, name in imports(MODULES[module])
        if name.split(".")[0] not in STANDARD | ours | allowed
    ]
    assert not strangers, f"{module} may import only {sorted(allowed)} from outside"


@pytest.mark.parametrize("module", MODULES)
def test_our_own_modules(module: str) -> None:
    forbidden = next(names for prefix, names in FORBIDDEN if is_within(module, prefix))
    wrong = [(line, name) for line, name in imports(MODULES[module]) if any(is_within(name, f) for f in forbidden)]
    assert not wrong, f"{module} must not import {forbidden}"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if is_within(m, "serving") or m in LIGHT or m == "recsys.bundle"]
)
def test_the_device_imports_only_what_a_phone_has(module: str) -> None:
    allowed = (*LIGHT, "serving")
    for line, name in imports(MODULES[module], top_level_only=True):
        if is_within(name, "recsys") or is_within(name, "serving"):
            assert any(is_within(name, prefix) for prefix in allowed), f"{module}:{line}: {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if is_within(m, "recsys.cli")])
def test_commands_import_stages_only_when_they_run(module: str) -> None:
    light = ("recsys.cli", "recsys.core.errors", "recsys.core.local_path", "recsys.packages", "recsys.terminal",
             "recsys.__version__")  # fmt: skip
    for line, name in imports(MODULES[module], top_level_only=True):
        top = name.split(".")[0]
        ours = any(is_within(name, prefix) for prefix in light)
        assert top in STANDARD or ours, f"{module}:{line}: {name} belongs inside the function that needs it"


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_reranker_loads_nothing_heavy() -> None:
    heavy = {"tensorflow", "tf_keras", "keras", "apache_beam", "mlflow", "pandas", "pyarrow", "pydantic", "rich"}
    loaded = loaded_by("import serving.reranker")
    assert "ai_edge_litert" in loaded
    assert not heavy & loaded


def test_help_loads_next_to_nothing() -> None:
    heavy = {"numpy", "pandas", "pyarrow", "pydantic", "yaml", "rich", "tensorflow", "apache_beam", "mlflow"}
    assert not heavy & loaded_by("import recsys.cli; recsys.cli._overview()")
