"""docs/system_calls.md and docs/system_calls.json, made of the descriptions of the calls."""

from __future__ import annotations

import json
import os

from .. import paths
from ..errors import ExoError
from . import call_text

PATH = paths.in_root("docs", "system_calls.md")
DESCRIPTIONS = paths.in_root("docs", "system_calls.json")

HEAD = """# System calls

The {count} system calls that the kernel has, by the file of their handlers: what they take and what they answer. Made by
`./exo calls --write-page` from the types of the handlers' parameters; do not edit. `./exo calls NAME` shows one with the values
of its flags and the fields of its structures, `./exo calls --json` all of it ([call_descriptions.md](call_descriptions.md) says
what each kind means). Every other number is answered with ENOSYS. [errnos.md](errnos.md) lists the errors.

`[#n]`: as long as the argument n says, counted from 0. *fast*: has a short route beside the full one
([architecture.md](architecture.md)).
"""


def page(calls: list[dict]) -> str:
    lines = [HEAD.format(count=len(calls))]
    for family, members in call_text.by_family(calls):
        source = members[0]["source"]
        lines += [f"## {call_text.words(family).capitalize()}", "", f"[{source}](../{source})", "",
                  "| number | call | takes | answers | |", "| ---: | --- | --- | --- | --- |", *map(_row, members), ""]
        for call in members:
            lines += _commands(call)
    return "\n".join(lines).rstrip() + "\n"


def _row(call: dict) -> str:
    return (f"| {call['number']} | {call['name']} | {call_text.arguments(call)} | {call_text.short(call['result'])} "
            f"| {'fast' if call['fast_path'] else ''} |")


def _commands(call: dict) -> list[str]:
    """The commands of calls like fcntl, a table each."""
    lines = []
    for one in call["arguments"]:
        if one["kind"] == "command":
            lines += [f"### {call['name']}", "", "| command | value | takes | answers |", "| --- | ---: | --- | --- |",
                      *(f"| {command['name']} | {command['value']:#x} | {call_text.arguments(command)} "
                        f"| {call_text.short(command['result'])} |" for command in one["commands"]), ""]
    return lines


def descriptions(calls: list[dict]) -> str:
    """The JSON as it is kept: a line for each call, so that a difference shows which one has changed."""
    lines = ",\n".join(json.dumps(call, separators=(",", ":")) for call in calls)
    return f'{{"calls": [\n{lines}\n]}}\n'


def write(calls: list[dict]) -> list[str]:
    """The names of the calls that the files did not have before."""
    before = _names()
    for path, text in ((PATH, page(calls)), (DESCRIPTIONS, descriptions(calls))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return [call["name"] for call in calls if call["name"] not in before]


def _names() -> set[str]:
    try:
        with open(DESCRIPTIONS, encoding="utf-8") as file:
            return {call["name"] for call in json.load(file)["calls"]}
    except (OSError, ValueError, KeyError):
        return set()


def check(calls: list[dict]) -> None:
    """Errors: ExoError (a file is not there, or not what the calls make)."""
    for path, text in ((PATH, page(calls)), (DESCRIPTIONS, descriptions(calls))):
        try:
            with open(path, encoding="utf-8") as file:
                is_current = file.read() == text
        except OSError:
            is_current = False
        if not is_current:
            raise ExoError(f"{os.path.relpath(path, paths.ROOT)} is out of date; run './exo calls --write-page'")
