"""What a recommender must beat, fitted on the events that train and scored through the same interface."""

from collections.abc import Callable

from recsys.evaluation.baselines.content import content
from recsys.evaluation.baselines.counting import markov, popularity, recent_popularity, window_markov
from recsys.evaluation.baselines.events import TrainingEvents
from recsys.evaluation.baselines.neighbours import ease, item_knn
from recsys.evaluation.ranking import ScoreAll

BASELINES: dict[str, Callable[[TrainingEvents], ScoreAll]] = {
    "popularity": popularity,
    "recent_popularity": recent_popularity,
    "markov": markov,
    "window_markov": window_markov,
    "item_knn": item_knn,
    "ease": ease,
    "content": content,
}

__all__ = ["BASELINES", "TrainingEvents"]
