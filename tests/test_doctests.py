"""The examples in docstrings: pytest runs each one, for ``testpaths`` names every module that has any."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FEWEST = 20


def test_no_example_is_passed_over() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert "--doctest-modules" in settings["addopts"].split()
    searched = [ROOT / path for path in settings["testpaths"]]
    assert all(path.exists() for path in searched)
    modules = [path for package in ("recsys", "pipelines", "serving") for path in (ROOT / package).rglob("*.py")]
    with_examples = [path for path in modules if "\n    >>> " in path.read_text("utf-8")]
    assert len(with_examples) >= FEWEST
    assert not [path for path in with_examples if not any(path.is_relative_to(one) for one in searched)]
