"""Our own packages, whatever else bears their names."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

OWN_PACKAGES = ("recsys", "pipelines", "serving")  # what lacks one of their modules is a bug
ROOT = Path(__file__).parents[1]


def own_packages() -> None:
    """Import ``pipelines`` and ``serving`` from beside ``recsys``: a project may have packages of such names, too."""
    for name in OWN_PACKAGES[1:]:
        start = ROOT / name / "__init__.py"
        if name in sys.modules or not start.is_file():
            continue
        spec = spec_from_file_location(name, start, submodule_search_locations=[str(start.parent)])
        if spec is not None and spec.loader is not None:
            sys.modules[name] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
