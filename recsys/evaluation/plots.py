"""A run in pictures: how it learned, whom it serves well, what it looks at, how it arranges the items."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.core.schema import COUNT, EXTERNAL_ID, PAD_ID, TITLE, USER
from recsys.evaluation.glyphs import drawable, families
from recsys.evaluation.metrics import hit_rate
from recsys.evaluation.significance import bootstrap_interval
from recsys.models.events import history_spec
from recsys.models.sasrec import SASRec

K = 10
LENGTH_GROUPS = 8
USERS_SHOWN, EVENTS_SHOWN = 3, 12
ITEMS_NAMED = 12
LABEL_CHARACTERS = 22
LABEL_STEP, FARTHEST = 9, 100  # points between two tries to place a label, and from its dot at most
PIXELS_AN_INCH = 120
_STYLE: dict[Any, Any] = {"text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False}


def draw_plots(run: Run, dataset: Dataset, model: SASRec) -> None:
    """Write ``curves.png``, ``history_length.png``, ``attention.png`` and ``items.png`` into ``run.plots_dir``.

    Args:
        run: with its history, metrics and ranks on disk; the split of its metrics is shown.
    """
    split = run.metrics["split"]
    run.plots_dir.mkdir(exist_ok=True)
    drawings: dict[str, Callable[[], Figure | None]] = {
        "curves": lambda: curves(list(run.history()), run.metrics["epochs"]["best"]),
        "history_length": lambda: by_history_length(pd.read_parquet(run.ranks_file), split),
        "attention": lambda: attention_maps(model, dataset, split),
        "items": lambda: item_map(model.trained_items.vectors()[1 : len(dataset.vocabulary) + 1], dataset.items),
    }
    with mpl.rc_context({**_STYLE, "font.family": families()}):
        for name, draw in drawings.items():
            if (figure := draw()) is not None:
                _save(figure, run.plots_dir / f"{name}.png")


def curves(history: list[dict[str, Any]], chosen: int) -> Figure:
    """Loss and validation metrics by epoch; a line marks the epoch that validation chose."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [entry["epoch"] for entry in history]
    left.plot(epochs, [entry["loss"] for entry in history], ".-")
    left.set(xlabel="epoch", ylabel="training loss")
    names = sorted({key for entry in history for key in entry if key.startswith("validation/")})
    for name in names:
        points = [(entry["epoch"], entry[name]) for entry in history if name in entry]
        right.plot(*zip(*points, strict=True), ".-", label=name.removeprefix("validation/").upper())
    right.set(xlabel="epoch", ylabel="validation")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.axvline(chosen, color="0.4", linestyle="--", linewidth=1, label=f"epoch {chosen}, chosen by NDCG@{K}")
    right.legend(frameon=False, fontsize=8)
    return figure


def by_history_length(ranks: pd.DataFrame, split: str = "test") -> Figure:
    """HR@10 of a split's targets by the length of the history before them, in groups of about as many targets each."""
    own = ranks[ranks["split"] == split]
    lengths = own["history_length"].to_numpy()
    shares = np.arange(1, LENGTH_GROUPS + 1) / LENGTH_GROUPS
    longest = np.unique(np.quantile(lengths, shares, method="inverted_cdf"))  # of each group
    hits = pd.DataFrame({"length": lengths, "hit": hit_rate(own["rank"].to_numpy(), K), USER: own[USER].to_numpy()})
    groups = hits.groupby(np.searchsorted(longest, lengths))
    found = groups.agg(low=("length", "min"), high=("length", "max"), rate=("hit", "mean"))
    bounds = [bootstrap_interval(own["hit"].to_numpy(), own[USER].to_numpy()) for _, own in groups]
    below = [rate - one.low for rate, one in zip(found["rate"], bounds, strict=True)]
    above = [one.high - rate for rate, one in zip(found["rate"], bounds, strict=True)]
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    names = [
        f"{low}" if low == high else f"{low}–{high}" for low, high in zip(found["low"], found["high"], strict=True)
    ]
    axes.bar(names, found["rate"], yerr=np.maximum([below, above], 0.0), color="C0", alpha=0.75, capsize=3)
    whose = f"{len(hits):,} {split} targets of {hits[USER].nunique():,} users"
    axes.axhline(hits["hit"].mean(), color="0.4", linewidth=1, linestyle="--")
    axes.set(xlabel="events in the history", ylabel=f"HR@{K}", title=f"{whose}, 95 % intervals over users")
    return figure


def attention_maps(model: SASRec, dataset: Dataset, split: str) -> Figure | None:
    """What the newest events before a few users' targets of ``split`` attend to, in the last block, its heads averaged.

    Earlier events share one column, so that nothing of a row is left out: it sums to 1. None where that block's mixer
    has no weights.
    """
    users, positions = dataset.sequences.targets(split)
    lengths = positions - dataset.sequences.offsets[users]
    chosen = np.flatnonzero(lengths >= min(EVENTS_SHOWN, int(np.median(lengths))))[:USERS_SHOWN]
    histories = dataset.sequences.histories(users[chosen], positions[chosen], history_spec(model.config, None))
    last = model.hidden(histories).weights[-1]
    if last is None:
        return None
    weights: npt.NDArray[np.float32] = last.numpy().mean(axis=1)
    names = _names(dataset.items)
    figure = Figure(figsize=(5.6 * len(chosen), 5.0), layout="constrained")
    panels = figure.subplots(1, len(chosen), squeeze=False)[0]
    for axes, history, seen, user in zip(panels, histories.items, weights, users[chosen], strict=True):
        events = int(np.count_nonzero(history != PAD_ID))
        shown = min(EVENTS_SHOWN, events)
        rows = [names[item] for item in history[-shown:]]
        columns, map_ = rows, seen[-shown:, -shown:]
        if events > shown:
            columns = [f"earlier ({events - shown})", *rows]
            map_ = np.concatenate([seen[-shown:, :-shown].sum(axis=1, keepdims=True), map_], axis=1)
        image = axes.imshow(map_, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
        axes.set_yticks(range(len(rows)), rows, fontsize=7)
        axes.set_title(drawable(f"user {dataset.sequences.users[user]}"), fontsize=9)
    figure.supxlabel("attended to", fontsize=9)
    figure.supylabel("event", fontsize=9)
    figure.colorbar(image, ax=panels, label="attention weight", shrink=0.8)
    config = model.config
    hidden = "transition memory, " if config.memory is not None else ""
    figure.suptitle(
        f"Last of {config.blocks} blocks, its heads ({config.heads}) averaged. Not shown: other blocks, {hidden}"
        "and what is passed on of each event",
        fontsize=9,
    )
    return figure


def item_map(table: npt.NDArray[np.float32], items: pd.DataFrame) -> Figure:
    """The item embeddings on their first two principal components, coloured by popularity.

    Args:
        table: ``[items, width]``, in the order of ``items``.
    """
    centred = table - table.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(table), 2), np.float32)  # a single item has no components
    places[:, : len(singular[:2])] = left[:, :2] * singular[:2]
    share = (singular[:2] ** 2).sum() / max(float((singular**2).sum()), 1e-12)
    figure = Figure(figsize=(7, 5.4), layout="constrained")
    axes = figure.subplots()
    dots = axes.scatter(places[:, 0], places[:, 1], c=np.log10(np.maximum(items[COUNT], 1)), s=8, cmap="viridis")
    names = _names(items)
    figure.colorbar(dots, ax=axes, label="log10 of how often an item was seen")
    axes.set(xlabel="component 1", ylabel="component 2", title=f"item embeddings: {share:.0%} of their variance")
    popular = np.argsort(-items[COUNT].to_numpy(), kind="stable")[:ITEMS_NAMED]
    _label_apart(figure, axes, [names[index + 1] for index in popular], places[popular])
    return figure


def _label_apart(figure: Figure, axes: Any, names: list[str], places: npt.NDArray[np.float32]) -> None:
    """A label for each place, beside it where that is free, else as near as can be; a line leads to one far off."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    figure.draw_without_rendering()  # the axes move to where they will be
    taken: list[Any] = []
    for name, place in zip(names, places, strict=True):
        line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.5}
        label = axes.annotate(name, place, (3, 3), textcoords="offset points", fontsize=7, arrowprops=line)
        for away, right, up in itertools.product(range(3, FARTHEST, LABEL_STEP), (1, -1), (1, -1)):
            label.set(position=(right * away, up * away), ha="left" if right == 1 else "right")
            label.update_positions(renderer)
            box = Text.get_window_extent(label, renderer)  # an annotation's own holds its line, too
            if not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)


def _names(items: pd.DataFrame) -> list[str]:
    """What to call each item, by internal id: its title where it has one."""
    titles = items[TITLE] if TITLE in items else items[EXTERNAL_ID]
    named = [drawable(name) for name in titles.fillna(items[EXTERNAL_ID]).astype(str)]
    return ["–", *(name if len(name) <= LABEL_CHARACTERS else f"{name[: LABEL_CHARACTERS - 1]}…" for name in named)]


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=PIXELS_AN_INCH, metadata={"Software": None})
