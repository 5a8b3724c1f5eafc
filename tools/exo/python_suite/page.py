"""docs/python_suite.json and the page that is made of it, docs/python_suite.md."""

from __future__ import annotations

import fnmatch
import json
import os

from .. import paths
from ..bench.files import write
from . import compare, modules
from .compare import DIFFERS, RESULTS, SAME

DATA = paths.in_root("docs", "python_suite.json")
PAGE = paths.in_root("docs", "python_suite.md")
UNKNOWN = "not known"
NAMED = 4
HEAD = """# Python's own suite

The {total} modules of Debian's `libpython3.11-testsuite`, each run as `python3 -m test -v MODULE` on Linux ({linux}) and on Exo-OS, in
the same emulated machine and of the same root: what became of each test is compared. {counts}

This page and [python_suite.json](python_suite.json) are made by `./exo test python --save`; `./exo test python --show MODULE` prints
what differs in one module. Of the tests that pass or are skipped on Linux within {limit} s of the machine's time ({longer} s for {long}), {tests} are compared
and {same} do the same.

{results}

Not compared is a test that fails on Linux too, or that does something else there in a second run (another date, other random numbers,
other numbers of processes, a slower processor), and one that makes an internet socket, which Exo-OS does not have yet
({internet} tests), or comes behind one at which the module hangs for want of it.
"""


def read() -> dict:
    try:
        with open(DATA, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {"modules": {}}


def passed_before() -> set[str]:
    return {name for name, entry in read()["modules"].items() if entry["result"] == SAME}


def causes() -> list[tuple[str, str]]:
    """Patterns of tests' names, and why those differ, as somebody has found out."""
    found = []
    with open(os.path.join(modules.FOLDER, "causes.txt"), encoding="utf-8") as file:
        for line in file:
            pattern, _, cause = line.strip().partition(" ")
            if cause and not pattern.startswith("#"):
                found.append((pattern, cause.strip()))
    return found


def cause_of(module: str, test: str, known: list[tuple[str, str]]) -> str:
    return next((cause for pattern, cause in known
                 if any(fnmatch.fnmatchcase(name, pattern) for name in (module, test.removeprefix("test.")))), UNKNOWN)


def save(names: list[str], verdicts: dict[str, compare.Verdict], linux: str) -> dict:
    """Puts verdicts beside what is known of the other modules, and writes the page anew."""
    entries = {name: entry for name, entry in read()["modules"].items() if name in names}
    for name, verdict in verdicts.items():
        entry: dict = {"result": verdict.result, "compared": verdict.compared, "linux": verdict.linux.counts()}
        if verdict.here is not None:
            entry["here"] = verdict.here.counts()
        internet = sum(verdict.linux.needs_internet(test) for test in verdict.linux.tests)
        if internet:
            entry["internet"] = internet
        if verdict.differing:
            entry["differing"] = {test: list(what) for test, what in sorted(verdict.differing.items())}
        entries[name] = entry
    data = {"linux": linux, "modules": dict(sorted(entries.items()))}
    write(DATA, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    write(PAGE, render(names, data, causes()))
    return data


def render(names: list[str], data: dict, known: list[tuple[str, str]]) -> str:
    entries = {name: data["modules"][name] for name in names if name in data["modules"]}
    found = [entry["result"] for entry in entries.values()]
    counts = ", ".join(f"{word}: {found.count(word)}" for word in RESULTS if word in found)
    if len(entries) < len(names):
        counts += f", not yet run: {len(names) - len(entries)}"
    compared = [entry for entry in entries.values() if entry["result"] in (SAME, DIFFERS)]
    differing = sum(len(entry.get("differing", {})) for entry in compared)
    internet = sum(entry.get("internet", 0) for entry in entries.values())
    tests = sum(entry["compared"] for entry in compared)
    text = HEAD.format(total=len(names), linux=data["linux"], counts=f"{counts[:1].upper()}{counts[1:]}.", limit=modules.LINUX_LIMIT,
                       longer=modules.LONG_LIMIT, long=", ".join(modules.LONG),
                       results="\n".join(f"- *{word}*: {meaning}" + ("." if word == list(RESULTS)[-1] else ";")
                                         for word, meaning in RESULTS.items()),
                       tests=f"{tests:,}", same=f"{tests - differing:,}", internet=f"{internet:,}")
    failing = {name: entry for name, entry in entries.items() if entry["result"] == DIFFERS}
    if failing:
        text += "\n## What differs\n\n| module | tests | what one of them says | why |\n| --- | --- | --- | --- |\n"
        for name, entry in failing.items():
            for cause, members in _by_cause(name, entry["differing"], known).items():
                on_linux, here, why = entry["differing"][members[0]]
                shown = ", ".join(_short(test, name) for test in members[:NAMED]) + (f" and {len(members) - NAMED} more" if len(members) > NAMED else "")
                text += f"| {name} | {_cell(shown)} | {_cell(f'{here}, on Linux {on_linux}: {why}')} | {_cell(cause)} |\n"
    text += "\n## All modules\n\nPassed, skipped and failed tests.\n\n| module | on Linux | here | internet | compared | result |\n"
    text += "| --- | --- | --- | ---: | ---: | --- |\n"
    for name in names:
        entry = entries.get(name)
        if entry is None:
            text += f"| {name} | | | | | not yet run |\n"
            continue
        text += f"| {name} | {_counts(entry['linux'])} | {_counts(entry.get('here'))} | {entry.get('internet', '')} | {entry['compared'] or ''} | {entry['result']} |\n"
    return text


def _by_cause(module: str, differing: dict, known: list[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for test in differing:
        groups.setdefault(cause_of(module, test, known), []).append(test)
    return groups


def _short(test: str, module: str) -> str:
    return test.removeprefix("test.").removeprefix(f"{module}.")


def _counts(counts: dict | None) -> str:
    return f"{counts['passed']}, {counts['skipped']}, {counts['failed']}" if counts else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())[:300]
