"""Self-attentive sequential recommendation: event log → dataset → run → bundle → ranking.

    import recsys

    config = recsys.load_config("configs/movielens-100k.yaml")
    dataset = recsys.prepare(config, "work")
    run = recsys.train(config, dataset, "work")
    bundles = recsys.export_bundles(run, dataset, config, "work")
    reranker = recsys.Reranker(bundles[-1].path)
    reranker.rerank([recsys.Event("50", 1_700_000_000_000)], ["181", "258"])

``__all__`` is the public interface; other modules may change without notice. A name is imported when it is first asked
for, so importing this package imports nothing else. No public name is a folder's: bundles are made by
``export_bundles``, for ``recsys.export`` is the folder that knows how.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors; what runs is _HOMES below, and a test holds the two together
    from recsys.api.comparing import compare as compare
    from recsys.api.comparing import describe_comparison as describe_comparison
    from recsys.api.comparing import learning_curves as learning_curves
    from recsys.api.opening import load as load
    from recsys.api.opening import load_model as load_model
    from recsys.api.stages import describe_bundles as describe_bundles
    from recsys.api.stages import evaluate as evaluate
    from recsys.api.stages import explain as explain
    from recsys.api.stages import export_bundles as export_bundles
    from recsys.api.stages import fetch as fetch
    from recsys.api.stages import prepare as prepare
    from recsys.api.stages import score as score
    from recsys.api.stages import similar_items as similar_items
    from recsys.api.stages import train as train
    from recsys.artifacts.dataset import Dataset as Dataset
    from recsys.artifacts.run import Run as Run
    from recsys.artifacts.scores import Scores as Scores
    from recsys.bundle.bundle import Bundle as Bundle
    from recsys.config import Config as Config
    from recsys.config import load_config as load_config
    from recsys.config import parse_config as parse_config
    from recsys.core.errors import ArtifactError as ArtifactError
    from recsys.core.errors import ConfigError as ConfigError
    from recsys.core.errors import DataError as DataError
    from recsys.core.errors import RecsysError as RecsysError
    from recsys.core.events import Event as Event
    from recsys.experiments.comparison import Comparison as Comparison
    from recsys.experiments.pages.comparison_charts import curve_chart as curve_chart
    from recsys.experiments.pages.comparison_charts import interval_chart as interval_chart
    from recsys.experiments.pages.comparison_charts import pareto_chart as pareto_chart
    from recsys.log.synthetic.log import SyntheticLog as SyntheticLog
    from recsys.models.events import history_spec as history_spec
    from serving.reranker import Ranked as Ranked
    from serving.reranker import Reranker as Reranker
    from serving.session import Session as Session

__version__ = "0.1.0"

# Each public name, and the module that defines it.
_HOMES = {
    "ArtifactError": "recsys.core.errors",
    "Bundle": "recsys.bundle.bundle",
    "Comparison": "recsys.experiments.comparison",
    "Config": "recsys.config",
    "ConfigError": "recsys.core.errors",
    "DataError": "recsys.core.errors",
    "Dataset": "recsys.artifacts.dataset",
    "Event": "recsys.core.events",
    "Ranked": "serving.reranker",
    "RecsysError": "recsys.core.errors",
    "Reranker": "serving.reranker",
    "Run": "recsys.artifacts.run",
    "Scores": "recsys.artifacts.scores",
    "Session": "serving.session",
    "SyntheticLog": "recsys.log.synthetic.log",
    "compare": "recsys.api.comparing",
    "curve_chart": "recsys.experiments.pages.comparison_charts",
    "describe_bundles": "recsys.api.stages",
    "describe_comparison": "recsys.api.comparing",
    "evaluate": "recsys.api.stages",
    "explain": "recsys.api.stages",
    "export_bundles": "recsys.api.stages",
    "fetch": "recsys.api.stages",
    "history_spec": "recsys.models.events",
    "interval_chart": "recsys.experiments.pages.comparison_charts",
    "learning_curves": "recsys.api.comparing",
    "load": "recsys.api.opening",
    "load_config": "recsys.config",
    "load_model": "recsys.api.opening",
    "pareto_chart": "recsys.experiments.pages.comparison_charts",
    "parse_config": "recsys.config",
    "prepare": "recsys.api.stages",
    "score": "recsys.api.stages",
    "similar_items": "recsys.api.stages",
    "train": "recsys.api.stages",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value  # so that it is looked up once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
