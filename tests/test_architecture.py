"""Who may import whom, read off the source: folders in layers, no circles; and what the device's code really loads."""

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.features.encoders import KINDS

ROOT = Path(__file__).parents[1]
STANDARD = set(sys.stdlib_module_names)

# Folders from the lowest layer to the highest. A module imports from its own folder and those of lower layers, wherever
# the import stands; two folders of one layer do not import each other.
LAYERS: list[tuple[str, ...]] = [
    ("recsys.core", "recsys.packages", "recsys.pages", "recsys.plain_table"),
    ("recsys.terminal", "recsys.storage"),
    ("recsys.bundle", "recsys.config"),
    ("recsys.sequences", "recsys.features", "recsys.litert"),
    ("recsys.artifacts",),
    ("recsys.log",),
    ("recsys.preparation",),
    ("recsys.models",),
    ("recsys.evaluation",),
    ("recsys.scoring", "recsys.training"),
    ("recsys.export", "recsys.experiments"),
    ("recsys.tracking",),
    ("pipelines", "serving"),
    ("recsys.api",),
    ("recsys.cli",),
]
# Beyond the layers: never, though the layer would allow it.
NEVER = {
    "recsys.tracking": ("recsys.training", "recsys.export"),
    "pipelines": ("recsys.training", "recsys.tracking", "recsys.export"),
}
# A folder that may import these of ours alone, wherever the import stands.
ONLY = {"serving": ("serving", "recsys.core", "recsys.bundle", "recsys.litert")}
# A folder, and the packages from outside the standard library that it may import; the longest match counts.
DATA = {"numpy", "pandas", "pyarrow"}
OUTSIDE: dict[str, set[str]] = {
    "recsys": set(),
    "recsys.pages": {"jinja2", "matplotlib"},
    "recsys.plain_table": {"rich"},
    "recsys.terminal": {"rich"},
    "recsys.core": {"numpy"},
    "recsys.storage": {"fsspec"},
    "recsys.bundle": {"numpy"},
    "recsys.litert": {"numpy", "ai_edge_litert"},
    "recsys.config": {"pydantic", "pydantic_core", "yaml"},
    "recsys.sequences": {"numpy"},
    "recsys.features": {"numpy", "pyarrow", "scipy", "sklearn"},
    "recsys.artifacts": {*DATA, "pydantic"},
    "recsys.log": DATA,
    "recsys.preparation": DATA,
    "recsys.preparation.diagnostics": {*DATA, "matplotlib"},
    "recsys.models": {"numpy", "tensorflow"},
    "recsys.models.keras": {"tensorflow", "tf_keras", "tensorflow_recommenders"},
    "recsys.evaluation": {*DATA, "scipy", "matplotlib"},
    "recsys.scoring": {"numpy", "pyarrow", "scipy"},
    "recsys.training": {*DATA, "rich"},
    "recsys.export": {*DATA, "scipy", "tensorflow", "cryptography", "bsdiff4"},
    "recsys.export.tflite": {"numpy", "tensorflow", "litert_quantizer", "ai_edge_litert", "flatbuffers"},
    "recsys.experiments": {*DATA, "optuna", "matplotlib", "rich"},
    "recsys.tracking": {*DATA, "mlflow", "psutil", "sqlalchemy", "google"},
    "recsys.cli": {*DATA, "rich", "yaml", "pydantic", "mlflow", "optuna"},
    "pipelines": {*DATA, "apache_beam", "rich"},
    "serving": {"numpy", "cryptography"},
}
MOST_MODULES = 15  # of one folder; more is more than one concept


def modules() -> dict[str, Path]:
    found = {}
    for package in ("recsys", "pipelines", "serving"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "node_modules" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import; ``from x import y`` gives ``x.y``."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if top_level_only and (typing_only or inside):
                continue
            yield child
            yield from walk(child)

    for node in walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def our_module(name: str) -> str | None:
    """The module of ours that an imported name is, or lies in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def layer_of(module: str) -> tuple[int, str] | None:
    """The number of a module's layer and its folder there; None for the package itself."""
    return next(
        ((number, folder) for number, layer in enumerate(LAYERS) for folder in layer if is_within(module, folder)), None
    )


def test_every_module_has_a_layer() -> None:
    assert [module for module in MODULES if layer_of(module) is None] == ["recsys"]


@pytest.mark.parametrize("module", [name for name in MODULES if name != "recsys"])
def test_nothing_is_imported_upwards(module: str) -> None:
    own = layer_of(module)
    assert own is not None
    never = next((names for folder, names in NEVER.items() if is_within(module, folder)), ())
    only = next((names for folder, names in ONLY.items() if is_within(module, folder)), None)
    wrong = []
    for line, name in imports(MODULES[module]):
        other = our_module(name)
        layer = None if other is None else layer_of(other)
        if layer is None or layer[1] == own[1]:
            continue
        alone = only is not None and not any(is_within(name, folder) for folder in only)
        if layer[0] >= own[0] or alone or any(is_within(name, folder) for folder in never):
            wrong.append(f"{MODULES[module].relative_to(ROOT)}:{line}: {name}")
    assert not wrong, "\n".join(wrong)


def test_no_circle() -> None:
    """Of modules, wherever an import stands and whatever it is for: type annotations count."""
    graph: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        for _, name in imports(path):
            other = our_module(name)
            if other not in (None, "recsys", module):
                graph[module].add(str(other))
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, "a circle: " + " → ".join([*way[way.index(module) :], module])
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_a_folder_is_one_concept() -> None:
    counted = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    crowded = {str(folder.relative_to(ROOT)): count for folder, count in counted.items() if count > MOST_MODULES}
    assert set(crowded) <= {"recsys/cli"}, f"more than {MOST_MODULES} modules: {crowded}"


def test_one_public_class_a_name() -> None:
    found = defaultdict(list)
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    assert not {name: where for name, where in found.items() if len(where) > 1}


def test_nobody_outside_the_models_names_the_item_tables_variable() -> None:
    for module, path in MODULES.items():
        if not is_within(module, "recsys.models"):
            named = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)]
            assert not [node.lineno for node in named if node.attr == "_vectors"], module


def test_nobody_outside_the_features_knows_a_kind_of_them() -> None:
    """What depends on the kind is a method of ``Encoder``; another kind is a class of it and a line in ``KINDS``."""
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in KINDS.values()}
    for module, path in MODULES.items():
        if not is_within(module, "recsys.features"):
            assert not kinds & {name for _, name in imports(path)}, module


@pytest.mark.parametrize("module", MODULES)
def test_packages_from_outside(module: str) -> None:
    allowed = OUTSIDE[max((folder for folder in OUTSIDE if is_within(module, folder)), key=len)]
    ours = {"recsys", "pipelines", "serving"}
    strangers = [
        f"{MODULES[module].relative_to(ROOT)}:{line}: {name}"
        for line, name in imports(MODULES[module])
        if name.split(".")[0] not in STANDARD | ours | allowed
    ]
    assert not strangers, f"{module} may import only {sorted(allowed)} from outside: {strangers}"


@pytest.mark.parametrize("module", [m for m in MODULES if is_within(m, "recsys.cli")])
def test_commands_import_stages_only_when_they_run(module: str) -> None:
    light = ("recsys.cli", "recsys.core", "recsys.terminal", "recsys.packages", "recsys.__version__")
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


def test_a_scoring_is_planned_without_a_network() -> None:
    loaded = loaded_by("import pipelines.score, recsys.scoring.shards")
    assert "pyarrow" in loaded
    assert not {"tensorflow", "tf_keras", "apache_beam"} & loaded


def test_help_loads_next_to_nothing() -> None:
    heavy = {"numpy", "pandas", "pyarrow", "pydantic", "yaml", "rich", "tensorflow", "apache_beam", "mlflow"}
    assert not heavy & loaded_by("import recsys.cli; recsys.cli._overview()")
