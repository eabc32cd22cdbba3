"""A comparison as one HTML page that needs nothing else: no script, style or image from anywhere."""

from collections.abc import Mapping

from recsys.experiments import description
from recsys.experiments.comparison import Comparison
from recsys.experiments.group import Group, metric_key
from recsys.experiments.pages.comparison_charts import curve_chart, interval_chart, pareto_chart, titles
from recsys.experiments.pages.curves import Curve
from recsys.pages.layout import render_page

_BODY = """
<p>Ordered by {{ metric.upper() }} on validation, which chooses; what is reported is the {{ comparison.split }} split,
the whole catalog ranked. Protocol {{ protocols | join(", ") }}.</p>
<div class="wide"><table>
<thead><tr><th></th>
{% if comparison.split != "validation" %}<th class="number">validation<br>{{ metric.upper() }}</th>{% endif %}
{% for name in metrics %}<th class="number">{{ comparison.split }}<br>{{ name.upper() }}</th>{% endfor %}
{% if comparison.baseline %}<th class="number">Δ {{ metric.upper() }}<br>95 % interval</th>
<th class="number">p<br>(Holm)</th>{% endif %}
<th>what differs</th><th class="number">seeds</th></tr></thead>
<tbody>
{% for group in comparison.rows %}{% set test = comparison.against.get(group.key) %}
<tr class="{{ verdict(group) }}"><td class="number">{% if not group.baseline %}{{ loop.index }}{% endif %}</td>
{% if comparison.split != "validation" %}
<td class="number">{{ text(group.estimate(chosen_by)) }}</td>{% endif %}
{% for name in metrics %}<td class="number">{{ reported(group, name) }}</td>{% endfor %}
{% if test %}<td class="number"><span class="delta">{{ "%+.4f" | format(test.difference) }}</span><br>
<span class="quiet">{{ "%+.4f … %+.4f" | format(test.interval.low, test.interval.high) }}</span></td>
<td class="number">{{ p_text(comparison.corrected[group.key]) }}</td>
{% elif comparison.baseline %}<td class="number quiet">
{% if group.key == comparison.baseline.key %}baseline{% else %}–{% endif %}</td><td></td>{% endif %}
<td class="settings">{% if group.baseline %}{{ group.label }}{% else %}
{% for one in settings(group) %}<span>{{ one }}</span> {% else %}{{ group.label }}{% endfor %}{% endif %}</td>
<td class="number">{{ group.seeds | join(", ") }}</td></tr>
{% endfor %}</tbody></table></div>
<p class="quiet">{% if several %}{{ plus_minus }} (Student's t).{% endif %}
{% if comparison.baseline %} Δ is the mean difference from
{{ named.get(comparison.baseline.key, comparison.baseline.label) }}, paired over users after
averaging over seeds; its interval is a bootstrap over users, its p-value a randomization test, corrected for the number
of configs (Holm).{% if comparison.has_single_seeds %} Note: {{ one_seed }}.{% endif %}{% endif %}</p>
{% for caption, svg in figures %}<figure>{{ svg | safe }}<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
{% if comparison.bundles %}<h2>Bundles</h2>
<div class="wide"><table><thead><tr><th></th><th>variant</th>
{% for split in splits %}<th class="number">{{ split }}<br>{{ metric.upper() }}</th>{% endfor %}
<th class="number">KiB</th><th class="number">median ms</th><th></th>
<th class="number">config</th><th class="number">seed</th>
</tr></thead><tbody>
{% for one in comparison.bundles %}<tr><td class="number">{{ loop.index }}</td><td>{{ one.name }}</td>
{% for split in splits %}<td class="number">
{% if split in one.quality %}{{ "%.4f" | format(one.quality[split]) }}{% else %}–{% endif %}</td>{% endfor %}
<td class="number">{{ "%.0f" | format(one.bytes / 1024) }}</td>
<td class="number">{{ "%.2f" | format(one.milliseconds) }}</td>
<td>{% if one in comparison.front %}★{% endif %}</td>
<td class="number">{{ comparison.groups.index(one.group) + 1 }}</td><td class="number">{{ one.run.seed }}</td></tr>
{% endfor %}</tbody></table></div><p class="quiet">★ no other is better on validation, smaller and faster at once. A
bundle is of one seed: of each config the exported run that was best on validation.</p>{% endif %}
<h2>Names</h2>
<p class="quiet">What the command line knows them by. Dataset
{% for digest in datasets %}<code>{{ digest }}</code> {% endfor %}</p>
<div class="wide"><table><tbody>
{% for group in comparison.groups %}<tr><td class="number">{{ loop.index }}</td><td><code>{{ group.label }}</code></td>
<td>{% for run in group.runs %}<code>{{ run.digest[:12] }}</code> {% endfor %}</td></tr>
{% endfor %}</tbody></table></div>
"""


def render(comparison: Comparison, curves: Mapping[str, Curve]) -> str:
    """The page.

    Args:
        curves: validation metric by epoch, by a group's label; none are drawn when it is empty.
    """
    runs = [run for group in comparison.groups for run in group.runs]
    metric, named = comparison.metric.upper(), titles(comparison)
    drawn = {named[group.key]: curves[group.label] for group in comparison.groups if group.label in curves}
    dots = "Best on validation on top. Every seed is a dot, the mean a diamond, the bar its 95 % interval over seeds"
    line = "; dashed, the best baseline" if len(comparison.rows) > len(comparison.groups) else ""
    figures = [(f"{dots}{line}.", interval_chart(comparison))]
    if drawn:
        band = "The mean over seeds, in a band from the lowest seed to the highest, as far as all of them trained."
        figures.append((f"Validation {metric} by epoch. {band}", curve_chart(drawn, comparison.metric)))
    if comparison.bundles:
        front = (
            "Each bundle twice, numbered as in the table below: quality against size and against latency. Filled: no "
            "other is better, smaller and faster at once. The steps are the best that there is up to a size, or up to "
            "a latency."
        )
        figures.append((front, pareto_chart(comparison)))
    values = {
        "comparison": comparison,
        "metric": comparison.metric,
        "datasets": sorted({run.dataset_digest for run in runs}),
        "protocols": sorted({run.protocol for run in runs}),
        "metrics": description.shown_metrics(comparison),
        "splits": [s for s in ("validation", "test") if any(s in one.quality for one in comparison.bundles)],
        "several": any(len(group.runs) > 1 for group in comparison.groups),
        "figures": figures,
        "named": named,
        "chosen_by": metric_key("validation", comparison.metric),
        "settings": lambda group: description.settings(comparison, group),
        "text": description.estimate_text,
        "reported": lambda group, name: description.reported_text(comparison, group, name),
        "p_text": description.p_text,
        "plus_minus": description.PLUS_MINUS,
        "one_seed": description.ONE_SEED,
        "verdict": lambda group: _verdict(comparison, group),
    }
    count = len(comparison.groups)
    return render_page(_BODY, f"{count} config{'s' * (count > 1)} compared", values)


def _verdict(comparison: Comparison, group: Group) -> str:
    test = comparison.against.get(group.key)
    if test is None:
        return "baseline" if comparison.baseline and comparison.baseline.key == group.key else ""
    if comparison.corrected[group.key] >= description.SIGNIFICANT:
        return ""
    return "better" if test.difference > 0 else "worse"
