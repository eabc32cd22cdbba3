"""What all pages share: a file that needs nothing from anywhere, light or dark, on a phone or on a wide screen."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined

# Scripts and anything from the network are refused by the page itself, whatever a name in it should hold.
_LAYOUT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --quiet: light-dark(#555, #aaa); --line: light-dark(#ddd, #3a3a3a);
  --better: light-dark(#14713a, #6fcf97); --worse: light-dark(#b3261e, #f2938c) }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 1.5rem auto; padding: 0 1rem;
  color: light-dark(#1c1c1c, #e6e6e6); background: light-dark(#fff, #141414) }
.wide { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
thead th { vertical-align: bottom }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.settings { min-width: 14rem; max-width: 22rem; overflow-wrap: anywhere }
.settings span { display: inline-block; white-space: nowrap; margin-right: .8em }
tr.baseline { background: light-dark(#f3f3f3, #222) } tr.better .delta { color: var(--better); font-weight: 600 }
tr.worse .delta { color: var(--worse); font-weight: 600 }
code { font-size: .85em; overflow-wrap: anywhere } .quiet, figcaption { color: var(--quiet); font-size: .9em }
figure { margin: 1.5rem 0; overflow-x: auto } figcaption { max-width: 46rem }
svg { width: 100%; min-width: 30rem; max-width: 46rem; height: auto; display: block }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0 1rem }
.grid svg { min-width: 0 } .grid figure { margin: .5rem 0 }
</style>
<h1>{{ title }}</h1>
{% block body %}{% endblock %}
</html>
"""


def render_page(body: str, title: str, values: Mapping[str, Any]) -> str:
    """``body``, a Jinja2 template of what stands below the heading, as a whole page.

    Names and settings come from logs and stores, where anyone may have written them: all of ``values`` are escaped, but
    for what the template itself calls safe.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    whole = _LAYOUT.replace("{% block body %}{% endblock %}", body)
    return environment.from_string(whole).render(title=title, **values)
