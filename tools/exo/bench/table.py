"""The comparison as text: for a terminal of 120 columns, and for a page."""

from __future__ import annotations

from .figures import Figure, Row, mean_line, worst_first

WIDTH = 120
# What costs most beside its one instruction comes first, for lines where not all has room.
TELLING = ("cr3", "invlpg", "wrmsr", "iret", "xsave", "xrstor", "syscall", "swapgs", "locked")
PAGE_EVENTS = ("syscall", "iret", "cr3", "invlpg", "swapgs", "wrmsr", "locked", "xsave", "xrstor")
NONE = "not supported"
LITTLE = 0.05  # events an operation that are not worth a word


def amount(value: float) -> str:
    return f"{value:,.0f}"


def few(value: float) -> str:
    """An average number of events."""
    if abs(value - round(value)) < LITTLE:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def for_terminal(rows: list[Row], is_sorted: bool) -> str:
    """Events are shown as Linux/Exo-OS, where the two differ."""
    name_width = max(len("operation"), *(len(row.name) for row in rows))
    head = f"{'operation':{name_width}} {'Linux':>12} {'Exo-OS':>12} {'ratio':>6}  events, Linux/Exo-OS, where they differ"
    lines = [head]
    for row in worst_first(rows) if is_sorted else rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        start = f"{row.name:{name_width}} {_cell(row.linux)} {_cell(row.exo)} {ratio:>6}  "
        lines.append((start + _differences(row, WIDTH - len(start))).rstrip())
    lines += ["", "instructions for one operation, in the median round; ratio: Linux's for one of Exo-OS's", mean_line(rows)]
    return "\n".join(lines)


def _cell(figure: Figure | None) -> str:
    return f"{amount(figure.instructions):>12}" if figure else f"{NONE:>12}"


def _differences(row: Row, room: int) -> str:
    if not row.linux or not row.exo:
        return ""
    words: list[str] = []
    for event in TELLING:
        ours, theirs = few(row.exo.events[event]), few(row.linux.events[event])
        if ours != theirs:
            words.append(f"{event} {theirs}/{ours}")
    while words and len("  ".join(words)) > room:
        words.pop()
    return "  ".join(words)


def for_page(rows: list[Row]) -> str:
    """A table in Markdown with all events."""
    head = ["operation", "Linux", "Exo-OS", "ratio", *PAGE_EVENTS]
    lines = [_line(head), _line(["---"] + ["---:"] * (len(head) - 1))]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append(_line([f"`{row.name}`", _page_cell(row.linux), _page_cell(row.exo), ratio,
                            *(_page_events(row, event) for event in PAGE_EVENTS)]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _page_cell(figure: Figure | None) -> str:
    return amount(figure.instructions) if figure else NONE


def _page_events(row: Row, event: str) -> str:
    return " / ".join(few(side.events[event]) if side else "–" for side in (row.linux, row.exo))
