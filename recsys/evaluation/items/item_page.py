"""What a model has learned of items, as one page: who is near whom, and a map of the catalog."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.core.errors import DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, TITLE
from recsys.evaluation.items.similar_items import Neighbour
from recsys.features.vector import directions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 3000  # items on a map, those with most events and as many of those that have none
GROUPS = 7  # values of a column that have a colour of their own
OTHER, NOTHING = "other", "not known"
_BODY = """
<p>Nearest by the cosine of vectors: <code>embedding</code> is what ranks{% if parts %}; <code>own</code> is what events
alone have taught, and <code>features</code> what the item table says{% endif %}.</p>
{% for asked, lists in near.items() %}<h2>Nearest to {{ asked }}</h2>
<div class="wide"><table><thead><tr>{% for kind in lists %}<th>{{ kind }}</th><th></th>{% endfor %}</tr></thead>
{% for row in range(rows) %}<tr>{% for kind, found in lists.items() %}
<td>{{ found[row][0] if row < found | length else "" }}</td>
<td class="number">{{ "%.3f" | format(found[row][1]) if row < found | length else "" }}</td>
{% endfor %}</tr>
{% endfor %}</table></div>
{% endfor %}<h2>The catalog</h2>
<figure>{{ map | safe }}<figcaption>{{ shown }} items where the two directions in which their vectors differ most put
them: {{ "%.0f%%" | format(100 * told) }} of all differences show. {{ coloured }}</figcaption></figure>
"""


def item_page(
    dataset: Dataset,
    vectors: npt.NDArray[np.float32],
    near: dict[str, dict[str, list[Neighbour]]],
    colour: str | None = None,
) -> str:
    """The page.

    Args:
        vectors: ``[rows, width]`` by internal id, those that rank.
        near: ``similar_items`` of each item that was asked for.
        colour: column of the item table that colours the map.

    Raises:
        DataError: the dataset's items have no such column.
    """
    from recsys.pages.figure import svg
    from recsys.pages.layout import render_page

    items = dataset.items
    if colour is not None and colour not in items:
        raise DataError(f"{dataset.path}: its items have no column {colour!r}; they have {', '.join(items.columns)}")
    shown = np.sort(np.concatenate([np.flatnonzero(part)[:SHOWN] for part in (items[COUNT] > 0, items[COUNT] == 0)]))
    places, told = flat_map(vectors[1 + shown])
    groups = pd.Series("", items.index) if colour is None else groups_of(items[colour])
    titles = items[TITLE] if TITLE in items else items[EXTERNAL_ID]
    named = dict(zip(items[EXTERNAL_ID], titles.fillna(items[EXTERNAL_ID]), strict=True))
    asked = {names: np.flatnonzero(items[EXTERNAL_ID].iloc[shown] == names) for names in near}
    marked = {str(named[name]): places[at[0]] for name, at in asked.items() if len(at)}
    values = {
        "near": {
            named[item]: {kind: [(named[one.item], one.cosine) for one in found] for kind, found in lists.items()}
            for item, lists in near.items()
        },
        "rows": max((len(found) for lists in near.values() for found in lists.values()), default=0),
        "parts": any(len(lists) > 1 for lists in near.values()),
        "map": svg(_draw)(places, groups.iloc[shown].to_numpy(), items[COUNT].to_numpy()[shown] > 0, marked),
        "shown": f"{len(shown):,}",
        "told": told,
        "coloured": f"Coloured by {colour}; crosses have no events." if colour else "Crosses have no events.",
    }
    return render_page(_BODY, "Items", values)


def flat_map(vectors: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], float]:
    """Where the directions of vectors lie in the plane in which they differ most, and which share of it that shows.

    Args:
        vectors: ``[n, width]``, width 2 or more.

    Returns:
        ``[n, 2]``, the first larger coordinate of each axis positive, and a share of the variance.
    """
    units = directions(vectors).astype(np.float64)
    centred = units - units.mean(0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    places = centred @ axes[:, :-3:-1]
    largest = np.abs(places).argmax(0)
    signs = np.where(places[largest, [0, 1]] < 0, -1.0, 1.0)
    return places * signs, float(variances[-2:].sum() / max(variances.sum(), 1e-30))


def groups_of(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """What a map is coloured by: a column's most frequent values, or equal parts of its numbers, and what is left."""
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > GROUPS:
        bands = pd.qcut(column, 5, duplicates="drop")
        names = {band: f"{band.left:g} to {band.right:g}" for band in bands.cat.categories}
        return bands.astype(object).map(names).fillna(NOTHING)
    first = column.map(_first, na_action="ignore").fillna(NOTHING)
    frequent = [name for name in first.value_counts().index if name != NOTHING][:GROUPS]
    return first.where(first.isin([*frequent, NOTHING]), OTHER)


def _first(value: Any) -> Any:
    """The first of several values."""
    if isinstance(value, list | np.ndarray):
        return str(value[0]) if len(value) else None
    return str(value).split("|")[0]


def _draw(
    places: npt.NDArray[np.float64],
    groups: npt.NDArray[Any],
    touched: npt.NDArray[np.bool_],
    marked: dict[str, npt.NDArray[np.float64]],
) -> "Figure":
    from recsys.pages.figure import COLOURS, INK, QUIET, panels

    figure, (axes,) = panels(1, 5.0)
    names = pd.Series(groups).value_counts().index
    ordered = [name for name in names if name not in (OTHER, NOTHING)]
    colours = dict(zip(ordered, COLOURS, strict=False))
    for name in [*(one for one in (NOTHING, OTHER) if one in names), *ordered]:  # what is left lies beneath
        for is_touched, marker in ((True, "."), (False, "x")):
            own = (groups == name) & (touched == is_touched)
            label = str(name) if name and is_touched else None
            style = {"color": colours.get(name, QUIET), "marker": marker, "s": 14, "linewidths": 0.8}
            axes.scatter(*places[own].T, alpha=0.7, label=label, **style)
    for title, place in marked.items():
        axes.annotate(title[:40], place, color=INK, fontsize=9, xytext=(6, 6), textcoords="offset points")
        axes.scatter(*place, s=90, facecolors="none", edgecolors=INK)
    axes.set(xticks=[], yticks=[])
    if ordered and ordered != [""]:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
