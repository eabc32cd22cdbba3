"""Single users as one HTML page: what they had done, what each run would have shown them, and what came next."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.errors import ConfigError
from recsys.core.schema import USER
from recsys.pages.layout import render_page

NEWEST = 12  # events of a history that are shown, newest first

_BODY = """
<p>What each user had done before one event of the {{ split }} split, newest first, and the best items of the whole
catalog as each run ranked them at that moment. What the user did next is <mark>marked</mark>.</p>
{% for one in targets %}
<h2>User {{ one.user }}</h2>
<p>went on to <mark>{{ one.target }}</mark>
{% for rank in one.ranks %}<br>{{ rank.run }}: place {{ "%g" | format(rank.rank) }}{% endfor %}</p>
<div class="wide"><table>
<thead><tr><th>before, newest first</th>{% for rank in one.ranks %}<th>{{ rank.run }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in one.rows %}
<tr>{% for cell in row %}<td>{% if cell.hit %}<mark>{{ cell.text }}</mark>{% else %}{{ cell.text }}{% endif %}</td>
{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
"""


def render_users(lists: pa.Table, names: Mapping[str, str], users: Sequence[str]) -> str:
    """The page.

    Args:
        lists: of one or several runs, as ``recsys evaluate --lists`` writes them.
        names: what to call a run (its digest) or an item (its id) where it has another name.
        users: whom to show, in this order.

    Raises:
        ConfigError: a user has no list.
    """
    targets = []
    for user in users:
        rows = lists.filter(pc.equal(lists[USER], user)).to_pylist()
        if not rows:
            raise ConfigError(f"--users {user!r}: no such user has a target here")
        moments: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for row in rows:
            moments.setdefault((row["target"], row["timestamp"]), []).append(row)
        targets += [_target(found, names) for found in moments.values()]
    title = "Single users: what each run would have shown"
    return render_page(_BODY, title, {"targets": targets, "split": lists["split"][0].as_py()})


def _target(found: list[dict[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """One moment, as every run met it."""
    first, target = found[0], found[0]["target"]
    history = [item if item is not None else "an unknown item" for item in first["history"][::-1]]
    columns = [history[:NEWEST], *(row["items"] for row in found)]
    longest = max(map(len, columns))
    cells = [
        [{"text": names.get(item, item), "hit": place > 0 and item == target} for item in column]
        + [{"text": "", "hit": False}] * (longest - len(column))
        for place, column in enumerate(columns)
    ]
    return {
        "user": first[USER],
        "target": names.get(target, target),
        "ranks": [{"run": names.get(row["run"], row["run"]), "rank": row["rank"]} for row in found],
        "rows": list(zip(*cells, strict=True)),
    }
