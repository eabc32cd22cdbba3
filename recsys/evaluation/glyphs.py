"""What a plot can spell: fonts for the scripts of titles where this machine has them, a box for what none has."""

from functools import cache

import matplotlib as mpl
from matplotlib import font_manager

BOX = "□"
# Beside Matplotlib's own font, of which systems have some: Chinese, Japanese, Korean, and much else.
_FALLBACKS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "Source Han Sans",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAexGothic", "IPAGothic", "Droid Sans Fallback", "NanumGothic",
    "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Yu Gothic", "Microsoft YaHei", "SimHei", "Malgun Gothic",
    "Noto Sans", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Arabic", "Noto Sans Hebrew", "Arial Unicode MS",
    "Unifont",
)  # fmt: skip


def families() -> list[str]:
    """Font families for ``font.family``, in the order in which a glyph is looked for."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    return [*mpl.rcParamsDefault["font.sans-serif"][:1], *(name for name in _FALLBACKS if name in known)]


def drawable(text: str) -> str:
    """``text`` with a box for each character that no font here has, on one line."""
    glyphs = _glyphs()
    shown = " ".join(text.split())
    return "".join(one if ord(one) in glyphs else BOX for one in shown if one.isprintable())


@cache
def _glyphs() -> frozenset[int]:
    paths = [font_manager.findfont(name) for name in families()]
    return frozenset(code for path in paths for code in font_manager.get_font(path).get_charmap())
