"""The sweep page's plots, as SVG text that stands inside the page."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from recsys.experiments.space import Choice, Dimension
from recsys.experiments.trial import Trial
from recsys.pages.figure import COLOURS, panels, shortened, svg, to_log_scale

SLICE_WIDTH, SLICE_HEIGHT = 3.6, 2.6  # inches
LABEL_LENGTH = 14


@svg
def importance_chart(shares: Mapping[str, float]) -> Figure:
    """Each key's share of the scores' variance, largest on top."""
    figure, (axes,) = panels(1, 0.8 + 0.3 * len(shares))
    axes.barh(list(shares), list(shares.values()), color=COLOURS[0])
    axes.invert_yaxis()
    axes.set(xlabel="share of the scores' variance", xlim=(0, 1))
    return figure


@svg
def slice_chart(trials: Sequence[Trial], dimension: Dimension) -> Figure:
    """The score of every complete trial against its value of one key; the best trial is marked."""
    figure, (axes,) = panels(1, SLICE_HEIGHT, width=SLICE_WIDTH)
    scored = sorted((trial for trial in trials if trial.score is not None), key=lambda trial: trial.score or 0.0)
    if isinstance(dimension, Choice):
        places: list[float] = [dimension.values.index(trial.values[dimension.key]) for trial in scored]
        named = [shortened(value, LABEL_LENGTH) for value in dimension.values]
        axes.set_xticks(range(len(named)), named)
        axes.set_xlim(-0.5, len(named) - 0.5)
    else:
        places = [float(dimension.read(trial.values[dimension.key])) for trial in scored]
        if dimension.log:
            to_log_scale(axes)
    scores = [trial.score for trial in scored]
    axes.plot(places[:-1], scores[:-1], "o", color=COLOURS[0], alpha=0.6, markersize=5)
    axes.plot(places[-1:], scores[-1:], "*", color=COLOURS[1], markersize=12)
    axes.set_xlabel(dimension.key)
    axes.set_ylabel("validation NDCG@10")
    return figure
