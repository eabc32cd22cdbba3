"""Draw the house from its imports: a box a folder, a line for every folder that imports another one.

    python docs/house.py docs/house.svg

A folder stands one row above the highest of those that it imports, so every line leads down. What a folder reaches
through another one that it imports has no line of its own.
"""

import ast
import sys
from collections import Counter, defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 1.5, 0.5  # of a box
ROW, COLUMN = 1.05, 1.85  # from one box to the next


def folder_of(module: str) -> str:
    """``recsys.log.formats.csv`` to ``recsys/log``; ``pipelines.score`` to ``pipelines``."""
    parts = module.split(".")
    return "/".join(parts[:2]) if parts[0] == "recsys" and len(parts) > 1 else parts[0]


def read() -> tuple[dict[str, tuple[int, int]], dict[str, Counter[str]]]:
    """Each folder's modules and lines, and how often it imports each other folder."""
    sizes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    arrows: dict[str, Counter[str]] = defaultdict(Counter)
    for package in ("recsys", "pipelines", "serving"):
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" in path.parts or path.parent == ROOT / "recsys":
                continue
            own, text = folder_of(".".join(path.relative_to(ROOT).with_suffix("").parts)), path.read_text("utf-8")
            sizes[own][0] += path.name != "__init__.py"
            sizes[own][1] += text.count("\n")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in (
                    "recsys", "pipelines", "serving",
                ):  # fmt: skip
                    arrows[own][folder_of(node.module)] += 1
    known = {name: (modules, lines) for name, (modules, lines) in sizes.items()}
    return known, {own: Counter({o: n for o, n in to.items() if o != own and o in known}) for own, to in arrows.items()}


def rows_of(folders: dict[str, tuple[int, int]], arrows: dict[str, Counter[str]]) -> dict[str, int]:
    """Each folder's row, 0 the lowest.

    Raises:
        graphlib.CycleError: the folders import one another in a circle.
    """
    rows: dict[str, int] = {}
    for folder in TopologicalSorter({name: set(arrows.get(name, ())) for name in folders}).static_order():
        rows[folder] = max((rows[other] + 1 for other in arrows.get(folder, ())), default=0)
    return rows


def reached(folder: str, arrows: dict[str, Counter[str]]) -> set[str]:
    """All that ``folder`` imports, itself or through others."""
    return set().union(*({other} | reached(other, arrows) for other in arrows.get(folder, ())))


def draw(target: Path) -> None:
    folders, arrows = read()
    rows = rows_of(folders, arrows)
    places: dict[str, tuple[float, float]] = {}
    for number in sorted(set(rows.values())):
        names = sorted(name for name, row in rows.items() if row == number)
        for place, name in enumerate(names):
            # Every other row stands to the side, so that few lines lead through a box.
            places[name] = ((place - (len(names) - 1) / 2) * COLUMN + 0.9 * (number % 2) - 0.45, number * ROW)
    across = max(abs(x) for x, _ in places.values()) + WIDTH
    figure = Figure(figsize=(2 * across, (max(rows.values()) + 1) * ROW + 0.4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-across, across), ylim=(-HEIGHT, max(rows.values()) * ROW + 2 * HEIGHT))
    axes.axis("off")
    for own, others in arrows.items():
        for other, count in others.items():
            if any(other in reached(between, arrows) for between in others):
                continue
            (x, y), (to_x, to_y) = places[own], places[other]
            axes.annotate(
                "", (to_x, to_y + HEIGHT / 2), (x, y - HEIGHT / 2),
                zorder=5,  # over the boxes: a line that leads past one is seen to
                arrowprops={"arrowstyle": "-|>", "color": "0.55", "lw": 0.4 + min(count, 30) / 20, "alpha": 0.6,
                            "connectionstyle": "arc3,rad=0.12"},
            )  # fmt: skip
    for name, (x, y) in places.items():
        modules, lines = folders[name]
        axes.add_patch(
            FancyBboxPatch(
                (x - WIDTH / 2, y - HEIGHT / 2),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0.02",
                facecolor="white",
                edgecolor="0.2",
                zorder=3,
            )
        )
        axes.text(x, y + 0.08, name, ha="center", va="center", fontsize=9, weight="bold", zorder=4)
        axes.text(x, y - 0.12, f"{modules} modules, {lines} lines", ha="center", va="center", fontsize=6.5, zorder=4)
    with mpl.rc_context({"svg.hashsalt": "house", "svg.fonttype": "path"}):
        figure.savefig(target, metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    draw(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/house.svg"))
