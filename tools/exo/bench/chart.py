"""The comparison as one picture: a bar for each operation, and a line where Linux is."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from .figures import Row, geometric_mean, mean_line, worst_first

WIDTH = 900
NAMES = 190  # the column of names
RIGHT = 70
TOP = 78
ROW = 18
BAR = 12
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
BETTER, WORSE, LINUX, GRID = "#3b7a57", "#b5532f", "#333", "#ddd"


def render(rows: list[Row]) -> str:
    """The longer a bar, the fewer instructions does Exo-OS need. On a scale of powers of two, so that half as fast looks
    as far from Linux as twice as fast."""
    drawn = list(reversed(worst_first([row for row in rows if row.ratio is not None])))
    missing = [row.name for row in rows if row.ratio is None]
    ratios = [row.ratio or 1 for row in drawn]
    low = min(-1, math.floor(math.log2(min(ratios, default=1))))
    high = max(1, math.ceil(math.log2(max(ratios, default=1))))
    scale = (WIDTH - NAMES - RIGHT) / (high - low)
    base = TOP + ROW * len(drawn)
    missing_lines = _wrap(missing)
    height = base + 34 + 16 * len(missing_lines)

    def x(value: float) -> float:
        return NAMES + (math.log2(value) - low) * scale

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="{FONT}" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             _text(12, 22, "Instructions for one operation: Linux's for one of Exo-OS's (Linux = 1)", "#111", 15),
             _text(12, 42, mean_line(rows), "#333")]
    for power in range(low, high + 1):
        at = x(2.0 ** power)
        lines.append(f'<line x1="{at:.1f}" y1="{TOP - 6}" x2="{at:.1f}" y2="{base}" stroke="{GRID}"/>')
        lines.append(_text(at, TOP - 12, f"{2.0 ** power:g}×", "#666", anchor="middle"))
    for number, row in enumerate(drawn):
        lines.append(_bar(row, TOP + ROW * number, x))
    mean, _ = geometric_mean(rows)
    if mean:
        lines.append(f'<line x1="{x(mean):.1f}" y1="{TOP - 6}" x2="{x(mean):.1f}" y2="{base}" stroke="{BETTER}" '
                     f'stroke-dasharray="4 3"/>')
    lines.append(f'<line x1="{x(1):.1f}" y1="{TOP - 6}" x2="{x(1):.1f}" y2="{base}" stroke="{LINUX}" stroke-width="1.5"/>')
    lines.append(_text(x(1), base + 14, "Linux", LINUX, anchor="middle"))
    lines += [_text(12, base + 32 + 16 * number, line, "#666") for number, line in enumerate(missing_lines)]
    return "\n".join(lines) + "\n</svg>\n"


def _bar(row: Row, y: float, x) -> str:
    ratio = row.ratio or 1
    left, right = sorted((x(1), x(ratio)))
    detail = f"{row.name}: Linux {row.linux.instructions:,.0f}, Exo-OS {row.exo.instructions:,.0f}" if row.linux and row.exo else ""
    return (f'<g><title>{escape(detail)}</title>{_text(NAMES - 8, y + 11, row.name, "#111", anchor="end")}'
            f'<rect x="{left:.1f}" y="{y + 1:.0f}" width="{max(right - left, 1):.1f}" height="{BAR}" rx="2" '
            f'fill="{BETTER if ratio >= 1 else WORSE}"/>{_text(right + 5, y + 11, f"{ratio:.2f}", "#333")}</g>')


def _text(x: float, y: float, text: str, colour: str, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.0f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def _wrap(missing: list[str]) -> list[str]:
    import textwrap
    return textwrap.wrap(f"Not supported yet: {', '.join(missing)}", 125) if missing else []
