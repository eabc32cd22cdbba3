"""Tables of data: what a log calls its items and users is shown as it is, never taken for markup or an emoji's name."""

import re
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # would move the cursor, or worse


class PlainTable(Table):
    """rich's table, all of whose strings are plain text."""

    def __init__(self, *headers: str, title: str | None = None, caption: str | None = None, **options: Any) -> None:
        super().__init__(title=plain(title), caption=plain(caption), **options)
        for header in headers:
            self.add_column(header)

    def add_column(self, header: RenderableType = "", *args: Any, **options: Any) -> None:
        super().add_column(plain(header) or "", *args, **options)

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        super().add_row(*map(plain, cells), **options)


def plain(value: Any) -> Any:
    """A string as text that is shown as it is, but for control characters; anything else stays."""
    return Text(_CONTROL.sub(" ", value)) if isinstance(value, str) else value
