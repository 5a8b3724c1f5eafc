#!/usr/bin/python3
"""Ranks the programs of Debian 12: the packages of each section by how many packages depend on or recommend each.

usage: rank.py [--candidates SECTION]

Writes list.txt, the programs of the census. `--candidates` prints the first of a section instead, with what is dropped and why.

The sources are the Packages and Contents indexes of bookworm main amd64, which apt fetches and verifies. A package counts once for
each other package that names it in Depends, Pre-Depends or Recommends, alone or as one of several choices; all packages need an
essential one. QUOTAS says how many programs a section gives; its packages are taken by rank, without those that have no program,
whose names FAMILIES match, or that dropped.txt names with a reason.
"""

from __future__ import annotations

import collections
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LISTS = os.path.join(ROOT, "build", "census", "apt")
SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n"
# apt fetches the lists of files only where it is told of them (apt.conf(5), Acquire::IndexTargets).
CONTENTS = """Acquire::IndexTargets::deb::Contents-deb {
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)"; ShortDescription "Contents-$(ARCHITECTURE)";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)"; DefaultEnabled "true";
};
"""
# Folders of PATH, and those that alternatives lead to.
PROGRAM = re.compile(r"^(?:(?:usr/)?s?bin|usr/games|usr/lib/jvm/[^/]+/bin|usr/lib/postgresql/\d+/bin)/([^/\s]+)\s+(\S+)$")

# How many programs a section gives: 200 in all. A section that is not named gives none (SECTIONS_WITHOUT says why).
QUOTAS = {
    "admin": 12, "comm": 1, "database": 5, "devel": 21, "editors": 6, "electronics": 2, "games": 2, "gnu-r": 1, "graphics": 10,
    "httpd": 2, "interpreters": 10, "java": 2, "javascript": 1, "lisp": 4, "mail": 4, "math": 8, "misc": 4, "net": 6, "ocaml": 2,
    "perl": 2, "php": 2, "python": 2, "ruby": 2, "rust": 2, "science": 4, "shells": 10, "sound": 6, "tex": 2, "text": 16, "utils": 35,
    "vcs": 8, "video": 1, "web": 5,
}
SECTIONS_WITHOUT = {
    "cli-mono": "its run-time system starts for minutes in an emulated machine", "debug": "symbols", "doc": "documents",
    "education": "needs a display", "embedded": "needs hardware", "fonts": "fonts", "gnome": "needs a display",
    "gnustep": "needs a display", "golang": "libraries, and a compiler of 500 MB", "hamradio": "needs hardware",
    "introspection": "descriptions of libraries", "kde": "needs a display", "kernel": "kernels and modules", "libdevel": "libraries",
    "libs": "libraries", "localization": "translations", "metapackages": "packages without files", "news": "needs an internet socket",
    "oldlibs": "packages without files", "otherosfs": "emulators and file systems of others", "raku": "modules",
    "tasks": "packages without files", "x11": "needs a display", "xfce": "needs a display", "zope": "modules",
}
# Packages of these names are parts of something else: modules, libraries with a tool for their developers, old names.
FAMILIES = re.compile(r"^(lib.*|.*-(common|data|dbg|doc|dev|base-dev|examples)|(dh|node|ruby|python3|php|golang|task|fp)-.*"
                      r"|.*-linux-gnu.*|(gcc|g\+\+|cpp|clang|gdc|gnat|gfortran)-\d.*)$")


def main() -> int:
    packages = read_packages(target("Packages"))
    programs = read_programs([target("Contents-all"), target("Contents-amd64")])
    ranked = rank(packages)
    dropped = read_dropped(os.path.join(HERE, "dropped.txt"))
    if sys.argv[1:2] == ["--candidates"]:
        for section in sys.argv[2:]:
            for number, (name, count) in enumerate(ranked[section], 1):
                print(section, number, name, count, reason(name, programs, dropped) or " ".join(sorted(programs[name])[:4]), sep="\t")
        return 0
    date, digest = release()
    lines = ["# The programs of the census: package, section, rank in it, and how many packages depend on or recommend it.",
             f"# Made by tests/census/rank.py of bookworm main amd64, {date}; Packages has SHA-256 {digest}."]
    for section, quota in sorted(QUOTAS.items()):
        fitting = [(number, name, count) for number, (name, count) in enumerate(ranked[section], 1)
                   if not reason(name, programs, dropped)]
        lines += [f"{name} {section} {number} {count}" for number, name, count in fitting[:quota]]
    with open(os.path.join(HERE, "list.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{len(lines) - 2} programs")
    return 0


def reason(name: str, programs: dict[str, set[str]], dropped: dict[str, str]) -> str | None:
    """Why a package gives no program."""
    if name in dropped:
        return dropped[name]
    if FAMILIES.match(name):
        return "a part of something else, by its name"
    return None if programs.get(name) else "no program"


def read_dropped(path: str) -> dict[str, str]:
    with open(path, encoding="utf-8") as file:
        return dict(line.strip().split(" ", 1) for line in file if line.strip() and not line.startswith("#"))


def read_packages(lines) -> dict[str, dict[str, str]]:
    """The fields that matter, by package."""
    found: dict[str, dict[str, str]] = {}
    fields: dict[str, str] = {}
    for line in lines:
        if line == "\n":
            found[fields["Package"]] = fields
            fields = {}
            continue
        name, _, value = line.partition(": ")
        if name in ("Package", "Section", "Essential", "Depends", "Pre-Depends", "Recommends"):
            fields[name] = value.strip()
    if fields:
        found[fields["Package"]] = fields
    return found


def rank(packages: dict[str, dict[str, str]]) -> dict[str, list[tuple[str, int]]]:
    """The packages of each section, those that most others need first."""
    counts: collections.Counter = collections.Counter()
    for name, fields in packages.items():
        text = ", ".join(fields.get(field, "") for field in ("Depends", "Pre-Depends", "Recommends"))
        needed = {re.split(r"[\s:(]", word.strip(), maxsplit=1)[0] for word in re.split(r"[,|]", text) if word.strip()}
        counts.update(needed - {name})
    result: dict[str, list[tuple[str, int]]] = collections.defaultdict(list)
    for name, fields in packages.items():
        count = len(packages) - 1 if fields.get("Essential") == "yes" else counts[name]
        result[fields.get("Section", "misc")].append((name, count))
    for entries in result.values():
        entries.sort(key=lambda entry: (-entry[1], entry[0]))
    return result


def read_programs(sources) -> dict[str, set[str]]:
    """The programs of each package, from lists of files."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for lines in sources:
        for line in lines:
            match = PROGRAM.match(line)
            if match:
                for place in match[2].split(","):
                    found[place.rpartition("/")[2]].add(match[1])
    return found


# ---- apt

def options() -> list[str]:
    return [word for name, value in {
        "Dir::State": LISTS, "Dir::State::status": os.path.join(LISTS, "status"), "Dir::Cache": LISTS,
        "Dir::Etc::sourcelist": os.path.join(LISTS, "sources.list"), "Dir::Etc::sourceparts": "/dev/null",
        "APT::Sandbox::User": "root"}.items() for word in ("-o", f"{name}={value}")]


def ensure_lists() -> None:
    if os.path.exists(os.path.join(LISTS, "updated")):
        return
    for folder in ("lists/partial", "archives/partial"):
        os.makedirs(os.path.join(LISTS, folder), exist_ok=True)
    for name, text in (("status", ""), ("sources.list", SOURCE), ("apt.conf", CONTENTS)):
        with open(os.path.join(LISTS, name), "w", encoding="utf-8") as file:
            file.write(text)
    apt("update", "-o", "APT::Update::Error-Mode=any")
    with open(os.path.join(LISTS, "updated"), "w", encoding="utf-8"):
        pass


def apt(*words: str) -> str:
    environment = {**os.environ, "APT_CONFIG": os.path.join(LISTS, "apt.conf"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(["apt-get", "-q", *options(), *words], check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def target(kind: str):
    """The lines of an index."""
    ensure_lists()
    names = apt("indextargets", "--format", "$(FILENAME)").split()
    path = next(name for name in names if os.path.basename(name).rpartition("_")[2].partition(".")[0] == kind)
    process = subprocess.Popen(["/usr/lib/apt/apt-helper", "cat-file", path], stdout=subprocess.PIPE, text=True, errors="replace")
    assert process.stdout is not None
    yield from process.stdout
    process.wait()


def release() -> tuple[str, str]:
    """The date of the release, and the digest that it gives of Packages."""
    folder = os.path.join(LISTS, "lists")
    name = next(name for name in os.listdir(folder) if name.endswith("_InRelease"))
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    date = re.search(r"^Date: (.+)$", text, re.MULTILINE)
    digest = re.search(r"^ ([0-9a-f]{64}) +\d+ main/binary-amd64/Packages$", text, re.MULTILINE)
    assert date and digest
    return date[1], digest[1]


if __name__ == "__main__":
    sys.exit(main())
