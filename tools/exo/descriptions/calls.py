"""`./exo calls`: the system calls that the kernel has, as their handlers describe them (docs/call_descriptions.md)."""

from __future__ import annotations

import json
import os
import sys

from .. import packages, paths
from ..building import build
from ..errors import ExoError, UsageError, meant
from ..options import Command, Option, parse
from . import call_page, call_text

COMMAND = Command("calls", "Shows the system calls: all, or one by its name or number.", "[OPTION]… [NAME]", [
    Option("--json", "", "print the descriptions as JSON"),
    Option("--build", "", "build what prints the JSON from the handlers, instead of reading docs/system_calls.json"),
    Option("--from", "FILE", "take the JSON from FILE ('-': standard input)"),
    Option("--write-page", "", "build it, and write docs/system_calls.md and docs/system_calls.json"),
    Option("--check-page", "", "build it, and fail if these files are not what --write-page writes"),
], """
The types of the handlers' parameters are the only description of the calls. The hosted build prints it as JSON, whose format
docs/call_descriptions.md explains; docs/system_calls.json is that of this tree, and docs/system_calls.md is the same as a page.
Only --build, --write-page and --check-page install or build anything.""")


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if len(options.words) > 1:
        raise UsageError(f"one name at a time, and not also {options.words[1]}", "calls")
    if options.words and (options.write_page or options.check_page):
        raise UsageError("the page is about all calls", "calls")
    calls = _read(getattr(options, "from"), options.build or options.write_page or options.check_page)
    if options.write_page:
        from ..process import say
        for name in call_page.write(calls):
            say(f"{name} is new; tests/linux/errnos.txt needs its errnos (docs/how_to/add_a_system_call.md)")
        return 0
    if options.check_page:
        call_page.check(calls)
        return 0
    chosen = [find(calls, options.words[0])] if options.words else calls
    if options.json:
        print(json.dumps({"calls": chosen}, indent=1))
    else:
        print(call_text.synopsis(chosen[0]) if options.words else call_text.table(calls))
    return 0


def _read(path: str | None, builds: bool) -> list[dict]:
    """Errors: ExoError (no such file, or no descriptions in it)."""
    if path is None and builds:
        packages.ensure(packages.RUN + packages.TEST, "describing the calls")
        build.ensure_call_table()
        path = build.call_table_path()
    elif path is None:
        path = build.call_table_path() if build.is_call_table_current() else call_page.DESCRIPTIONS
    try:
        if path == "-":
            return json.load(sys.stdin)["calls"]
        with open(path, encoding="utf-8") as file:
            return json.load(file)["calls"]
    except OSError as error:
        raise ExoError(f"{os.path.relpath(path, paths.ROOT) if path.startswith(paths.ROOT) else f'--from: {path}'}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ExoError(f"{os.path.relpath(path, paths.ROOT) if path != '-' else 'standard input'}: "
                       "no descriptions of calls") from None


def descriptions_of_tree() -> list[dict]:
    """Those that the hosted build has printed, if it is of this tree, else those of docs/."""
    return _read(None, False)


def find(calls: list[dict], word: str) -> dict:
    """Errors: ExoError, with the name that is meant if one is like it."""
    for call in calls:
        if word in (call["name"], str(call["number"])):
            return call
    raise ExoError(f"there is no call {word}" + (meant(word, [call["name"] for call in calls]) or " ('./exo calls' lists them; once handlers have changed, './exo calls --build')"))
