"""Command-line options by table: the same rows are parsed and printed as help.

The rules are those of getopt_long(3) with POSIXLY_CORRECT: options end at `--` or at the first word that is none,
`-m512`, `-m 512`, `--timeout=3` and `--timeout 3` are the same, and `-it` is `-i -t`.
"""

from __future__ import annotations

from .errors import UsageError, meant

LIKENESS = 0.75  # of an unknown option to the one that is meant


class Option:
    """One option. `metavar` empty: it is a flag. `repeat`: it may be given several times and collects a list. `counts`: a flag whose
    value is how often it is given."""

    __slots__ = ("names", "metavar", "help", "default", "convert", "repeat", "counts", "key")

    def __init__(self, names: str, metavar: str, help: str, default=None, convert=str, repeat: bool = False,
                 counts: bool = False) -> None:
        self.names = names.split()
        self.metavar = metavar
        self.help = help
        self.default = default
        self.convert = convert
        self.repeat = repeat
        self.counts = counts
        self.key = self.names[-1].lstrip("-").replace("-", "_")


class Command:
    """A subcommand: what it is for, how it is called, its options, and more text for its help. `absent`: options that users of similar
    programs try, and what to do instead."""

    __slots__ = ("name", "summary", "usage", "options", "details", "absent")

    def __init__(self, name: str, summary: str, usage: str, options: list[Option], details: str = "",
                 absent: dict[str, str] | None = None) -> None:
        self.name = name
        self.summary = summary
        self.usage = usage
        self.options = options
        self.details = details
        self.absent = absent or {}

    def help(self) -> str:
        lines = [f"usage: ./exo {self.name} {self.usage}".rstrip(), "", self.summary, ""]
        rows = [(", ".join(option.names) + (f" {option.metavar}" if option.metavar else ""), option.help)
                for option in self.options] + [("--help", "print this")]
        width = max(len(left) for left, _ in rows) + 2
        lines += [f"  {left.ljust(width)}{right}" for left, right in rows]
        if self.details:
            lines += ["", self.details.strip("\n")]
        return "\n".join(lines)


class Parsed:
    """The values, by the option's last name with underscores, and the words after the options."""

    def __init__(self, values: dict, words: list[str]) -> None:
        self.__dict__.update(values)
        self.words = words
        self.wants_help = False


def parse(command: Command, arguments: list[str]) -> Parsed:
    """Errors: UsageError, naming the option that is unknown, incomplete or has a senseless value."""
    by_name = {name: option for option in command.options for name in option.names}
    values = {option.key: [] if option.repeat else (option.default if option.metavar else False)
              for option in command.options}
    position = 0
    cluster = ""  # what is left of a word of short options: `-t` after the `-i` of `-it`
    while cluster or position < len(arguments):
        word = cluster or arguments[position]
        if word == "--":
            position += 1
            break
        if not word.startswith("-") or word == "-":
            break
        position += 0 if cluster else 1
        cluster = ""
        if word in ("--help", "-h") and word not in by_name:
            parsed = Parsed(values, [])
            parsed.wants_help = True
            return parsed
        name, attached = _split(word)
        option = by_name.get(name)
        if option is None:
            if name in command.absent:
                raise UsageError(f"there is no option {name}: {command.absent[name]}", command.name)
            raise UsageError(f"unknown option {name}{meant(name, by_name, LIKENESS) if name.startswith('--') else ''}", command.name)
        if not option.metavar:
            if attached is not None and not word.startswith("--") and f"-{attached[0]}" in by_name:
                cluster = f"-{attached}"
            elif attached is not None:
                raise UsageError(f"{name} takes no value", command.name)
            values[option.key] = values[option.key] + 1 if option.counts else True
            continue
        if attached is None:
            if position == len(arguments):
                raise UsageError(f"{name} needs {option.metavar}", command.name)
            attached = arguments[position]
            position += 1
        try:
            value = option.convert(attached)
        except ValueError as error:
            raise UsageError(f"{name} {attached}: {error}", command.name) from None
        if option.repeat:
            values[option.key].append(value)
        else:
            values[option.key] = value
    return Parsed(values, arguments[position:])


def parse_all(command: Command, arguments: list[str]) -> Parsed:
    """The same for a command that takes no words."""
    parsed = parse(command, arguments)
    if parsed.words:
        raise UsageError(f"{command.name} takes no words, and there is {parsed.words[0]}", command.name)
    return parsed


def _split(word: str) -> tuple[str, str | None]:
    """Separates an option from a value that is written in the same word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:] if len(word) > 2 else None
