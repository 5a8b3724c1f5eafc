"""A flame graph as one SVG file that needs nothing else: no script, no fonts of its own.

The width of a box is the share of instructions executed in the function and in what it called; what it called stands on
top of it. A box's tooltip gives the numbers.
"""

from __future__ import annotations

import dataclasses
import zlib
from typing import Iterator
from xml.sax.saxutils import escape

from .profile import Folded, Frame

WIDTH = 1200
MARGIN = 10
HEADER = 34
ROW = 18
FONT_SIZE = 12
LETTER = 7.25  # the width of each in a font of even width
LEAST_WIDTH = 0.4  # pixels; what is narrower cannot be seen, and would make most of the file
KERNEL_HUES = (18, 50)  # orange to yellow
USER_HUES = (135, 165)  # greens
ALL = Frame("all", False)
ALL_COLOUR = "#e6e2d8"


@dataclasses.dataclass
class _Box:
    frame: Frame
    count: int = 0
    inner: dict[Frame, "_Box"] = dataclasses.field(default_factory=dict)


def render(folded: Folded, title: str, operations: int = 1) -> str:
    """The SVG's text. `operations`: how often what is shown was done; counts are given for one of them."""
    root = _Box(ALL)
    for stack, count in folded.items():
        _add(root, stack, count)
    height = HEADER + ROW * _depth(root, _scale(root)) + MARGIN
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
             f'font-size="{FONT_SIZE}">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fffdf8"/>',
             f'<text x="{WIDTH / 2:.0f}" y="22" text-anchor="middle" font-size="15" fill="#333">{escape(title)}: '
             f'{_amount(root.count / operations)} instructions</text>']
    _draw(root, MARGIN, height - MARGIN - ROW, _scale(root), operations, root.count, lines)
    return "\n".join(lines) + "\n</svg>\n"


def _add(root: _Box, stack: tuple[Frame, ...], count: int) -> None:
    root.count += count
    box = root
    for frame in stack:
        box = box.inner.setdefault(frame, _Box(frame))
        box.count += count


def _scale(root: _Box) -> float:
    return (WIDTH - 2 * MARGIN) / max(root.count, 1)


def _visible(box: _Box, scale: float) -> list[_Box]:
    """The widest first, so that the main path stands at the left, and the same run gives the same picture."""
    found = [inner for inner in box.inner.values() if inner.count * scale >= LEAST_WIDTH]
    return sorted(found, key=lambda inner: (-inner.count, inner.frame))


def _depth(box: _Box, scale: float) -> int:
    return 1 + max((_depth(inner, scale) for inner in _visible(box, scale)), default=0)


def _draw(box: _Box, x: float, y: float, scale: float, operations: int, total: int, lines: list[str]) -> None:
    width = box.count * scale
    amount = f"{_amount(box.count / operations)} instructions, {box.count / total:.2%}" if total else "nothing"
    name = box.frame.name
    lines.append(f'<g><title>{escape(name)}: {amount}</title><rect x="{x:.2f}" y="{y:.0f}" '
                 f'width="{max(width - 0.5, 0.3):.2f}" height="{ROW - 1}" rx="1.5" fill="{_colour(box.frame)}"/>'
                 f'{_label(name, x, y, width)}</g>')
    for inner in _visible(box, scale):
        _draw(inner, x, y - ROW, scale, operations, total, lines)
        x += inner.count * scale


def _label(name: str, x: float, y: float, width: float) -> str:
    room = int((width - 6) / LETTER)
    text = next((short for short in _shorter(name) if len(short) <= room), "")
    if not text and room >= 4:
        text = name.rpartition("::")[2][:room - 1] + "…"
    return f'<text x="{x + 3:.2f}" y="{y + ROW - 5:.0f}" fill="#222">{escape(text)}</text>' if text else ""


def _shorter(name: str) -> Iterator[str]:
    """A name and what can stand for it: of a qualified one the end says more than the beginning, but of a thunk the
    function that it is for."""
    while True:
        yield name
        _, separator, rest = name.partition("::")
        if not separator:
            return
        if "<" in name and "<" not in rest:
            yield name.partition("<")[2].partition(">")[0]
        name = rest


def _colour(frame: Frame) -> str:
    """By the name, so that a function looks the same in every picture."""
    if frame == ALL:
        return ALL_COLOUR
    low, high = KERNEL_HUES if frame.is_kernel else USER_HUES
    mixed = zlib.crc32(frame.name.encode())
    return f"hsl({low + mixed % (high - low)},{70 + mixed // 97 % 20}%,{74 + mixed // 389 % 10}%)"


def _amount(count: float) -> str:
    return f"{count:,.0f}" if count >= 100 else f"{count:.1f}"
