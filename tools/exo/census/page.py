"""docs/census.json and the page that is made of it, docs/census.md."""

from __future__ import annotations

import json

from .. import paths
from ..bench.files import write
from . import masks
from .catalog import Program
from .compare import DIFFERS, NOT_RUN, SAME, Verdict

DATA = paths.in_root("docs", "census.json")
PAGE = paths.in_root("docs", "census.md")
UNKNOWN = "not known"
HEAD = """# The census

{total} programs of Debian 12, each with a small real task, on Linux ({linux}) and on Exo-OS, in the same emulated machine: what
they print, their exit status and the files that they leave are compared. {counts}

This page and [census.json](census.json) are made by `./exo census --save`. The programs are those of each section that most
packages depend on or recommend; `tests/census/rank.py` has chosen them from the lists of Debian before any of them was run, and
`tests/census/dropped.txt` says which it left out and why. `tests/census/tasks/` has the tasks. A program that needs an internet
socket is marked and not run. `./exo census NAME` runs one, `./exo census --show NAME` prints what it did on both kernels.
{seconds}
A task that does something else here than on Linux runs on Linux once more, with another date, other random numbers, other numbers of
processes and a slower processor. What differs between these two runs is masked on all three sides, by the narrowest kinds that are
enough:

{kinds}

`needed by` counts the packages that depend on or recommend a program; all need an essential one.
"""


def read() -> dict:
    try:
        with open(DATA, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {"programs": {}}


def passed_before() -> set[str]:
    return {name for name, entry in read()["programs"].items() if entry["result"] == SAME}


def save(programs: list[Program], verdicts: dict[str, Verdict], causes: dict[str, str], linux: str, seconds: float | None) -> dict:
    """Puts verdicts beside what is known of the other programs, and writes the page anew. `seconds`: of a run of all."""
    data = read()
    known = {program.name for program in programs}
    entries = {name: entry for name, entry in data["programs"].items() if name in known}
    for name, verdict in verdicts.items():
        entry: dict = {"result": verdict.result}
        if verdict.masks:
            entry["masks"] = list(verdict.masks)
        if verdict.result == DIFFERS:
            entry["why"] = first_line(verdict.why)
        entries[name] = entry
    data = {"linux": linux, "programs": dict(sorted(entries.items())),
            **({"seconds": round(seconds)} if seconds is not None else {"seconds": data["seconds"]} if "seconds" in data else {})}
    write(DATA, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    write(PAGE, render(programs, data, causes))
    return data


def first_line(text: str) -> str:
    """What differs in a few words: the first line that only one side has."""
    lines = text.split("\n")
    return next((line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---") and len(line) > 1), lines[0])[:200]


def render(programs: list[Program], data: dict, causes: dict[str, str]) -> str:
    entries = data["programs"]
    results = [entries.get(program.name, {"result": "not yet run"})["result"] for program in programs]
    counts = ", ".join(f"{word}: {results.count(word)}" for word in dict.fromkeys(sorted(results)))
    kinds = "\n".join([f"- *{kind.name}*: {kind.reason};" for kind in masks.KINDS.values()] + [f"- *{masks.CONTENT}*: {masks.CONTENT_REASON}."])
    seconds = ""
    if "seconds" in data:
        seconds = f"A run of all with roots that are there took {data['seconds'] // 60} minutes on two processors, Linux included.\n"
    text = HEAD.format(total=len(programs), linux=data["linux"], counts=f"{counts[:1].upper()}{counts[1:]}.", kinds=kinds, seconds=seconds)
    failing = [program for program in programs if entries.get(program.name, {}).get("result") not in (SAME, NOT_RUN, None)]
    if failing:
        text += "\n## What differs\n\n| program | what it says | why |\n| --- | --- | --- |\n"
        for program in failing:
            entry = entries[program.name]
            text += f"| {program.name} | {_cell(entry.get('why', entry['result']))} | {_cell(causes.get(program.name, UNKNOWN))} |\n"
    text += "\n## All programs\n\n| program | section | needed by | task | result | masked |\n| --- | --- | --- | --- | --- | --- |\n"
    for program in sorted(programs, key=lambda program: (program.section, program.rank)):
        entry = entries.get(program.name, {"result": "not yet run"})
        result = f"needs {program.needs}" if program.needs else entry["result"]
        text += (f"| {program.name} | {program.section} | {program.dependents} | {_cell(program.summary)} | {result} | "
                 f"{', '.join(entry.get('masks', []))} |\n")
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").strip()
