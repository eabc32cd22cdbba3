"""What every benchmark ends with: a table for people, a file for programs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "measurements"


@dataclass(frozen=True)
class Measurement:
    """One figure, and what it is held against.

    Attributes:
        name: what was measured.
        value, unit: how much.
        against: what it is held against, in words; empty where it stands alone.
        ratio: above 1 is better than what it is held against; None where it stands alone.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


def write_results(name: str, measurements: list[Measurement]) -> Path:
    """Print a table, and write ``benchmarks/measurements/NAME.json``."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "measured", "unit", "against", "ratio (above 1 is better)", title=name, title_justify="left")
    for one in measurements:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.name, f"{one.value:,.4g}", one.unit, one.against, ratio)
    Console(width=120).print(table)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps([asdict(one) for one in measurements], indent=2) + "\n")
    return path
