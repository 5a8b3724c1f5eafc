"""The options that the measuring commands share, and the kernel that they measure."""

from __future__ import annotations

import os

from .. import packages, paths
from ..building import build
from ..errors import ExoError, UsageError
from ..options import Command, Option, Parsed, parse
from . import guest, suite

PACKAGES = (*packages.RUN, *(package for package in packages.TEST if package.name in ("musl-tools", "gcc")))


def rounds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= suite.MAX_ROUNDS:
        raise ValueError(f"not a number from 1 to {suite.MAX_ROUNDS}")
    return int(text)


ONLY = Option("--only", "NAME", "only this operation (repeatable)", None, str, True)
KERNEL = Option("--kernel", "FILE", "measure this kernel instead of building this tree's")
ROUNDS = Option("--rounds", "N", f"rounds of each operation, of which the median counts (default {suite.DEFAULT_ROUNDS})",
                suite.DEFAULT_ROUNDS, rounds)
SUITE_OPTIONS = [ONLY, ROUNDS, KERNEL]


def parse_anywhere(command: Command, arguments: list[str]) -> Parsed:
    """For commands that take one word: options may follow it, too."""
    parsed = parse(command, arguments)
    if parsed.wants_help or not parsed.words:
        return parsed
    before = arguments[:len(arguments) - len(parsed.words)]
    again = parse(command, before + parsed.words[1:])
    again.words.insert(0, parsed.words[0])
    return again


def check(command: Command, options: Parsed, words: int = 0) -> None:
    """What a command line can have wrong, before anything takes time."""
    if len(options.words) > words:
        raise UsageError(f"what is {options.words[words]}?", command.name)
    path = getattr(options, "kernel", None)
    if path and not (os.path.isfile(path) and os.access(path, os.R_OK)):
        raise ExoError(f"--kernel: {path}: not there, or not readable")
    packages.ensure(PACKAGES, "measuring")
    if getattr(options, "only", None):
        guest.check_names(options.only)


def kernel(options: Parsed) -> str:
    """The kernel to measure, brought up to date where it is this tree's."""
    if options.kernel:
        return options.kernel
    build.ensure("release")
    return paths.kernel("release")


def is_whole(options: Parsed) -> bool:
    """Whether the run is one that files may be written from."""
    return not options.only and not options.kernel and options.rounds == suite.DEFAULT_ROUNDS
