"""Bar charts as SVG, which are readable on light and on dark pages."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _ROW, _LABELS, _TOP = 720, 30, 230, 48

_STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2624; }
.title { font-weight: 600; }
.own { fill: #0f6b5f; }
.other { fill: #9aa5a1; }
line { stroke: #9aa5a1; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e8edeb; }
  .own { fill: #5fd3bf; }
  .other { fill: #6b7672; }
}
"""


class Bar(NamedTuple):
    """A bar. `text` is its value as written, and `is_own` is True for the sandbox."""

    label: str
    value: float
    text: str
    is_own: bool


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Return an SVG document with horizontal bars, and a line at 1."""
    scale = (_WIDTH - _LABELS - 60) / max(1.0, *(bar.value for bar in bars))
    height = _TOP + _ROW * len(bars) + 12
    one = _LABELS + scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="12" y="26">{escape(title)}</text>',
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{_TOP - 8}" y2="{height - 8}"/>',
    ]
    for position, bar in enumerate(bars):
        top = _TOP + position * _ROW
        kind, width = "own" if bar.is_own else "other", max(1.0, bar.value * scale)
        parts += [
            f'<text x="{_LABELS - 10}" y="{top + 15}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{width:.1f}" height="20" rx="3"/>',
            f'<text x="{_LABELS + width + 8:.1f}" y="{top + 15}">{escape(bar.text)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
