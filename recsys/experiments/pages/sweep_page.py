"""A sweep as one HTML page that needs nothing else: its trials, what the scores depend on, and how."""

from collections.abc import Sequence

from recsys.experiments.importance import importances
from recsys.experiments.pages.sweep_charts import importance_chart, slice_chart
from recsys.experiments.space import Dimension
from recsys.experiments.trial import Trial
from recsys.pages.layout import render_page

_BODY = """
<p>By NDCG@10 on validation, the mean over {{ seeds }} seed{{ "s" if seeds != 1 }}; a sweep chooses, so the test is
nowhere on this page.</p>
{% if importance %}<h2>What the scores depend on</h2>
<figure>{{ importance | safe }}<figcaption>Each setting's share of the variance of the scores, alone and with others, by
functional ANOVA over {{ complete }} complete trials. It says that a setting matters, not which value is best; where
trials are few, it is rough.</figcaption></figure>{% endif %}
{% if slices %}<h2>How</h2>
<div class="grid">{% for one in slices %}<figure>{{ one | safe }}</figure>{% endfor %}</div>
<p class="quiet">Each complete trial is a dot, the best a star; trials that were stopped or failed have no score.</p>
{% endif %}
<h2>Trials</h2>
<div class="wide"><table><thead><tr><th class="number">validation<br>NDCG@10</th><th class="number">trial</th>
{% for one in dimensions %}<th class="number">{{ one.key }}</th>{% endfor %}<th>state</th></tr></thead><tbody>
{% for trial in trials %}<tr>
<td class="number">{% if trial.score is none %}–{% else %}{{ "%.4f" | format(trial.score) }}{% endif %}</td>
<td class="number">{{ trial.number }}</td>
{% for one in dimensions %}<td class="number">{{ shown(one, trial) }}</td>{% endfor %}
<td class="settings">{{ trial.state }}{% if trial.reason %}: {{ trial.reason }}{% endif %}</td></tr>
{% endfor %}</tbody></table></div>
"""


def render(trials: Sequence[Trial], space: Sequence[Dimension], seeds: int) -> str:
    """The page.

    Args:
        trials: best first.
        seeds: trainings a trial.
    """
    scored = [trial for trial in trials if trial.score is not None]
    shares = importances(trials, space)
    order = sorted(space, key=lambda dimension: -shares.get(dimension.key, 0.0))
    values = {
        "seeds": seeds,
        "complete": len(scored),
        "importance": importance_chart(shares) if shares else "",
        "slices": [slice_chart(trials, dimension) for dimension in order] if scored else [],
        "dimensions": order,
        "shown": _shown,
        "trials": trials,
    }
    return render_page(_BODY, f"A sweep of {len(trials)} trial{'s' * (len(trials) > 1)}", values)


def _shown(dimension: Dimension, trial: Trial) -> str:
    """A value in as many digits as can matter."""
    value = dimension.read(trial.values[dimension.key])
    return f"{value:.4g}" if isinstance(value, float) else str(value)
