"""What the timing program says, and what becomes of it."""

import pytest
from exo.bench import host
from exo.errors import ExoError
from test_command_line import exo


def output(cycles: dict, rounds: int = 5) -> str:
    lines = []
    for number in range(rounds):
        for name, value in cycles.items():
            lines += [f"@@HOST {name} {value + number}", "@@TICKS 0.7"]
    return "\n".join([*lines, "@@DONE"])


CYCLES = {row.name: 100.0 for row in host.ROWS}


def test_medians_and_verdicts():
    figures, ticks = host.read(output({**CYCLES, "heap_hit": 8, "dispatch": 58}), 0)
    assert figures["heap_hit"].median == 10 and figures["switch"].median == 102 and ticks.median == 0.7
    verdicts = {row.name: host.verdict(row, figures[row.name]) for row in host.ROWS}
    assert (verdicts["heap_hit"], verdicts["heap_slab"], verdicts["dispatch"], verdicts["frame"]) == ("met", "missed", "met", "")
    text = host.table(figures, ticks)
    assert "4 of 5 budgets met on " in text and "0.700 ticks" in text
    assert max(map(len, text.splitlines())) <= 120
    assert text.splitlines()[-4].endswith("not there yet")


@pytest.mark.parametrize("text, status, message", [
    (output(CYCLES), 1, "failed with status 1: @@DONE"),
    ("it should hold that x", 0, "failed with status 0: it should hold that x"),
    ("", 127, "failed with status 127: it said nothing"),
    (output({**CYCLES, "more": 1}), 0, "do not agree on more"),
    (output({name: value for name, value in CYCLES.items() if name != "verify"}), 0, "do not agree on verify"),
])
def test_half_a_table_is_none(text, status, message):
    with pytest.raises(ExoError, match=message):
        host.read(text, status)


def test_one_line_for_what_is_wrong():
    done = exo("bench", "host", "what")
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.splitlines()[-1] == "exo: what is what? (see './exo bench host --help')"
