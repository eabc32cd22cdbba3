"""A comparison as one HTML page that needs nothing else: no script, style or image from anywhere."""

from collections.abc import Mapping

from jinja2 import Environment, StrictUndefined

from recsys.experiments.charts import Curve, curve_chart, interval_chart, pareto_chart
from recsys.experiments.comparison import Comparison
from recsys.experiments.report import SIGNIFICANT, estimate_text, parameter, shown_metrics

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #8884; text-align: left; white-space: nowrap }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
tr.baseline { font-style: italic } tr.better td.delta { color: #197a3b } tr.worse td.delta { color: #b3261e }
code { font-size: .85em } figure { margin: 1rem 0; background: #fff; padding: .5rem; overflow-x: auto }
figcaption { color: #444; font-size: .9em }
</style>
<h1>{{ title }}</h1>
<p>Dataset {% for digest in datasets %}<code>{{ digest }}</code> {% endfor %}· protocol {{ protocols | join(", ") }}
· {{ comparison.split }} split · the whole catalog ranked.</p>
<table>
<thead><tr><th>runs</th>
{% for name in comparison.differing %}<th>{{ name }}</th>{% endfor %}
<th class="number">seeds</th>
{% for name in metrics %}<th class="number">{{ name.upper() }}</th>{% endfor %}
{% if comparison.baseline %}<th class="number">Δ {{ comparison.metric.upper() }}</th>
<th class="number">95 % interval</th><th class="number">p (Holm)</th>{% endif %}</tr></thead>
<tbody>
{% for group in comparison.groups %}{% set test = comparison.against.get(group.key) %}
<tr class="{{ verdict(group) }}"><td>{{ group.label }}</td>
{% for name in comparison.differing %}<td>{{ parameter(group, name) }}</td>{% endfor %}
<td class="number">{{ group.seeds | join(", ") }}</td>
{% for name in metrics %}<td class="number">{{ text(group.estimate(comparison.key(name))) }}</td>{% endfor %}
{% if test %}<td class="number delta">{{ "%+.4f" | format(test.difference) }}</td>
<td class="number">{{ "%+.4f … %+.4f" | format(test.interval.low, test.interval.high) }}</td>
<td class="number">{{ "%.4f" | format(comparison.corrected[group.key]) }}</td>
{% elif comparison.baseline %}<td colspan="3">baseline</td>{% endif %}</tr>
{% endfor %}</tbody></table>
<p>± is a 95 % interval over seeds (Student's t).
{% if comparison.baseline %}Δ is the mean difference from {{ comparison.baseline.label }}, paired over users after
averaging over seeds; its interval is a bootstrap over users, its p-value a randomization test, corrected for the number
of configs (Holm).{% endif %}</p>
{% for caption, svg in figures %}<figure>{{ svg | safe }}<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
{% if comparison.variants %}<h2>Bundles</h2>
<table><thead><tr><th>runs</th><th>variant</th><th class="number">KiB</th><th class="number">median ms</th>
<th class="number">{{ comparison.metric.upper() }}</th><th></th></tr></thead><tbody>
{% for one in comparison.variants %}<tr><td>{{ one.group.label }}</td><td>{{ one.name }}</td>
<td class="number">{{ "%.0f" | format(one.bytes / 1024) }}</td>
<td class="number">{{ "%.2f" | format(one.milliseconds) }}</td>
<td class="number">{{ "%.4f" | format(one.quality) }}</td>
<td>{% if one in comparison.pareto %}★{% endif %}</td></tr>
{% endfor %}</tbody></table><p>★ no other is better, smaller and faster at once.</p>{% endif %}
</html>
"""


def render(comparison: Comparison, curves: Mapping[str, Curve]) -> str:
    """The page.

    Args:
        curves: validation metric by epoch, by label; none are drawn when it is empty.
    """
    runs = [run for group in comparison.groups for run in group.runs]
    figures = [("Every seed is a dot, the mean a diamond.", interval_chart(comparison))]
    if curves:
        figures.append(
            (f"Validation {comparison.metric.upper()} while training.", curve_chart(curves, comparison.metric))
        )
    if comparison.variants:
        figures.append(("Bundles; the orange line is the Pareto front, larger is slower.", pareto_chart(comparison)))
    # Names and parameters come from the store, where anyone may have written them: all of them are escaped.
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_PAGE).render(
        title=f"{len(comparison.groups)} configs compared",
        comparison=comparison,
        datasets=sorted({run.dataset_digest for run in runs}),
        protocols=sorted({run.protocol for run in runs}),
        metrics=shown_metrics(comparison),
        figures=figures,
        parameter=parameter,
        text=estimate_text,
        verdict=lambda group: _verdict(comparison, group.key),
    )


def _verdict(comparison: Comparison, key: str) -> str:
    test = comparison.against.get(key)
    if test is None:
        return "baseline" if comparison.baseline and comparison.baseline.key == key else ""
    if comparison.corrected[key] >= SIGNIFICANT:
        return ""
    return "better" if test.difference > 0 else "worse"
