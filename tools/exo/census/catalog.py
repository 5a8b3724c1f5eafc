"""The programs of the census and their tasks, as the files of tests/census describe them.

list.txt says which programs there are (rank.py has made it), groups.txt which of them share a machine, tasks/NAME.sh what each does,
and causes.txt why a program that fails does.
"""

from __future__ import annotations

import os
import re

from .. import paths
from ..errors import ExoError, meant

FOLDER = paths.in_root("tests", "census")
LIMIT = 120  # seconds of the machine's time
EXTRA = "+"
ALWAYS = ("mount",)  # what the runner itself needs of a root beside essential packages
HEADER = re.compile(r"^# (\w+): (.+)$")


class Program:
    """One program with its task. `rank`: in its section; `dependents`: the packages that depend on or recommend it; `summary`: what the
    task does; `masks`: kinds that always differ; `needs`: what a machine does not have, or ""."""

    def __init__(self, name: str, section: str, rank: int, dependents: int, group: str, text: str) -> None:
        self.name = name
        self.section = section
        self.rank = rank
        self.dependents = dependents
        self.group = group
        self.text = text
        self.summary, options = parse_task(text, name)
        self.masks = options.get("mask", "").split()
        self.needs = options.get("needs", "")
        try:
            self.limit = int(options.get("limit", LIMIT))
        except ValueError:
            raise ExoError(f"tests/census/tasks/{name}.sh: the limit is no number of seconds") from None


def parse_task(text: str, name: str) -> tuple[str, dict[str, str]]:
    """The first line of a task says what it does; lines `# option: value` may follow. Errors: ExoError."""
    lines = text.split("\n")
    if not lines[0].startswith("# "):
        raise ExoError(f"tests/census/tasks/{name}.sh: the first line should be a comment that says what the task does")
    options = {}
    for line in lines[1:]:
        found = HEADER.match(line)
        if not found:
            break
        if found[1] not in ("mask", "needs", "limit"):
            raise ExoError(f"tests/census/tasks/{name}.sh: unknown option {found[1]}")
        options[found[1]] = found[2]
    return lines[0][2:], options


class Group:
    """Programs that share a machine, and the packages of its root."""

    def __init__(self, name: str, programs: list[str], extras: list[str]) -> None:
        self.name = name
        self.programs = programs
        self.packages = sorted({*programs, *extras, *ALWAYS})


def lines_of(name: str, folder: str = FOLDER) -> list[list[str]]:
    """The words of the lines of a file of tests/census, without comments."""
    path = os.path.join(folder, name)
    try:
        with open(path, encoding="utf-8") as file:
            return [line.split() for line in file if line.strip() and not line.startswith("#")]
    except OSError as error:
        raise ExoError(f"{os.path.relpath(path, paths.ROOT)}: {error.strerror}") from None


def groups(folder: str = FOLDER) -> list[Group]:
    return [Group(words[0], [word for word in words[1:] if not word.startswith(EXTRA)],
                  [word.removeprefix(EXTRA) for word in words[1:] if word.startswith(EXTRA)]) for words in lines_of("groups.txt", folder)]


def programs(folder: str = FOLDER) -> list[Program]:
    """All, in the order of the groups. Errors: ExoError for a program without a group or a task."""
    places = {words[0]: words for words in lines_of("list.txt", folder)}
    found = []
    for group in groups(folder):
        for name in group.programs:
            if name not in places:
                raise ExoError(f"tests/census/groups.txt: {name} is not in list.txt")
            _, section, rank, dependents = places.pop(name)
            path = os.path.join(folder, "tasks", f"{name}.sh")
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except FileNotFoundError:
                text = "# no task yet\n# needs: a task\n"
            except OSError as error:
                raise ExoError(f"tests/census/tasks/{name}.sh: {error.strerror}") from None
            found.append(Program(name, section, int(rank), int(dependents), group.name, text))
    if places:
        raise ExoError(f"tests/census/groups.txt: no group has {', '.join(sorted(places))}")
    return found


def choose(words: list[str], everything: list[Program]) -> list[Program]:
    """The programs of these names, groups or sections; all without words. Errors: ExoError."""
    if not words:
        return everything
    chosen = set()
    for word in words:
        matching = {program.name for program in everything if word in (program.name, program.group, program.section)}
        if not matching:
            raise ExoError(f"census: there is no program, group or section {word}"
                           + (meant(word, [program.name for program in everything]) or " ('./exo census --list' shows them)"))
        chosen |= matching
    return [program for program in everything if program.name in chosen]


def causes(folder: str = FOLDER) -> dict[str, str]:
    """Why programs fail, by name, as somebody has found out."""
    return {words[0]: " ".join(words[1:]) for words in lines_of("causes.txt", folder)}
