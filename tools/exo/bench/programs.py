"""`./exo bench programs`: what starting and using real programs costs the whole machine, on Debian's kernel and on Exo-OS."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import statistics
import tempfile

from .. import paths, process
from ..archive import cpio
from ..errors import ExoError
from ..machine import counted_machine, debian_kernel
from ..options import Command, Option, parse
from ..roots import debian
from . import guest, machine, plugin, settings
from .files import write

COUNTER = guest.Program("programs")
DATA = paths.in_root("benches", "programs.json")
PAGE = paths.in_root("docs", "performance.md")
HEADING = "## Real programs"
NEXT_HEADING = "## How it was measured"
MEBIBYTE = 1 << 20
ROOM = 1024  # MiB beside three times the root, which Linux has twice for a while
SILENCE_LIMIT = 1500.0  # seconds of the host's time: a project is made twice without a word
MEMORY_STEP = 4  # MiB
ROUND = re.compile(r"@@ROUND (\S+) (\d+) (\d+)")
FAILED = re.compile(r"@@FAILED (\S+) (.+)")

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
# 20 files of 500 lines and one that calls them.
PROJECT = r"""rm -rf *
i=0
while [ $i -lt 20 ]; do
    awk -v file=$i 'BEGIN {
        print "#include \"all.h\"\nint sum_" file "(int x) {\n    int total = x;"
        for (line = 0; line < 490; ++line)
            printf "    total = total * %d + (x ^ %d);\n", line % 7 + 1, line
        print "    return total;\n}"
    }' >part_$i.c
    echo "int sum_$i(int x);" >>all.h
    i=$((i + 1))
done
awk 'BEGIN {
    print "#include <stdio.h>\n#include \"all.h\"\nint main(void) {\n    int total = 0;"
    for (i = 0; i < 20; ++i) print "    total += sum_" i "(" i ");"
    print "    printf(\"%d\\n\", total);\n    return 0;\n}"
}' >main.c
printf 'OBJECTS := $(patsubst %%.c,%%.o,$(wildcard *.c))\nproject: $(OBJECTS)\n\tgcc -o $@ $(OBJECTS)\n%%.o: %%.c all.h\n\tgcc -c -o $@ $<\n' >Makefile
"""
REPOSITORY = """[ -d .git ] && exit 0
git init -q .
i=0
while [ $i -lt 200 ]; do
    mkdir -p folder_$((i % 10))
    echo "file $i" >folder_$((i % 10))/file_$i
    i=$((i + 1))
done
git add .
git -c user.name=me -c user.email=me@example.org commit -qm first
echo more >>folder_3/file_3
echo new >untracked
"""


@dataclasses.dataclass(frozen=True)
class Task:
    """`title`: as the table has it; `words`: the command; `prepare`: a script of /bin/sh before each round; `rounds`: how many are counted."""

    name: str
    title: str
    packages: tuple[str, ...]
    words: tuple[str, ...]
    prepare: str = ":\n"
    rounds: int = 3


TOOLS = ("bash", "gcc", "git", "libc6-dev", "make", "python3")
TASKS = (
    Task("bash", "`bash -c :`", TOOLS, ("/bin/bash", "-c", ":")),
    Task("python3", "`python3 -c pass`", TOOLS, ("/usr/bin/python3", "-c", "pass")),
    Task("git", "`git status`, 200 files", TOOLS, ("/usr/bin/git", "status"), REPOSITORY),
    Task("gcc", "`gcc hello.c`", TOOLS, ("/usr/bin/gcc", "hello.c"), f"cat >hello.c <<'END'\n{HELLO}END\n"),
    Task("make", "`make -j1`, 10,000 lines of C", TOOLS, ("/usr/bin/make", "-s", "-j1"), PROJECT, 1),
    Task("node", "`node -e 0`", ("nodejs",), ("/usr/bin/node", "-e", "0"), rounds=1),
    Task("java", "`java -version`", ("default-jre-headless",), ("/usr/bin/java", "-version"), rounds=1),
)

COMMAND = Command("bench programs", "Counts what starting and using real programs costs the whole machine, on Linux and on Exo-OS.",
                  "[OPTION]…", [
                      Option("--only", "NAME", f"only this one of {', '.join(task.name for task in TASKS)} (repeatable)", None, str, True),
                      Option("--memory", "", "also find the least memory with which each works, in some ten boots of each kernel"),
                      settings.KERNEL,
                      Option("--no-docs", "", "leave docs/performance.md and benches/programs.json as they are")], """
Each program is a process of a root of Debian packages (kept below ~/.cache/exo), started by a process that does nothing else. What
is counted is every instruction of the machine from before the fork to after the wait; files have been read once before. Seconds are
those of a second machine that counts nothing, so they say how fast the emulator is on this host and little about hardware.""")


@dataclasses.dataclass
class Cost:
    """Of one program on one kernel: medians of the counted rounds. `memory`: the least that works in MiB, or None where nobody asked."""

    instructions: int
    kernel: int
    seconds: float
    memory: int | None = None


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    only, options.only = options.only, []
    settings.check(COMMAND, options)
    names = [task.name for task in TASKS]
    guest.check_names(only, names)
    chosen = [task for task in TASKS if not only or task.name in only]
    peer = debian_kernel.ensure()
    kernel = settings.kernel(options)
    found: dict[str, dict[str, Cost]] = {}
    for wanted in dict.fromkeys(task.packages for task in chosen):
        tasks = [task for task in chosen if task.packages == wanted]
        archive = debian.ensure(list(wanted), "missing")
        for side, title, path in (("linux", "Linux", peer.path), ("exo", "Exo-OS", kernel)):
            for name, cost in measure(path, title, archive, tasks, options.memory).items():
                found.setdefault(name, {})[side] = cost
    data = merged(found, {"package": peer.package, "version": peer.version})
    if not options.no_docs and not options.kernel:
        save(data)
    print(for_terminal([task for task in chosen], data))
    return 0


# ---- Machines

def measure(kernel: str, title: str, archive: str, tasks: list[Task], with_memory: bool = False) -> dict[str, Cost]:
    """Errors: ExoError when a task fails, or the machine does not come to its end."""
    process.say(f"counting {', '.join(task.name for task in tasks)} on {title}")
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        out = os.path.join(folder, "counts")
        image = _image(folder, archive, tasks)
        rounds = _boot(kernel, title, folder, image, _memory(archive), plugin.arguments(out))
        regions = plugin.read(out)
        if len(regions) != len(rounds):
            raise ExoError(f"{title}: {len(rounds)} rounds by the guest's words, {len(regions)} by the plugin")
        timed = _boot(kernel, title, folder, image, _memory(archive), [], ())
        costs = {}
        for task in tasks:
            own = sorted((region for (name, _), region in zip(rounds, regions) if name == task.name), key=lambda region: region.instructions)
            middle = own[(len(own) - 1) // 2]
            costs[task.name] = Cost(middle.instructions, middle.kernel,
                                    statistics.median(nanoseconds for name, nanoseconds in timed if name == task.name) / 1e9)
        if with_memory:
            for task in tasks:
                process.say(f"looking for the least memory for {task.name} on {title}")
                costs[task.name].memory = _least_memory(kernel, title, folder, archive, task)
        return costs


def _memory(archive: str) -> int:
    return 3 * os.stat(archive).st_size // MEBIBYTE + ROOM


def _image(folder: str, archive: str, tasks: list[Task], rounds: int | None = None) -> str:
    path = os.path.join(folder, "initramfs")
    with open(archive, "rb") as base, open(path, "wb") as stream:
        while piece := base.read(16 * MEBIBYTE):
            stream.write(piece)
        stream.write(cpio.padding(stream.tell()))
        writer = cpio.Writer(stream)
        writer.add_directory("bench")
        with open(COUNTER.build(), "rb") as file:
            writer.add_file("init", file.read(), 0o755)
        writer.add_file("bench/tasks", "".join(f"{task.name} {task.rounds if rounds is None else rounds}\n" for task in tasks).encode())
        for task in tasks:
            writer.add_file(f"bench/{task.name}.words", "".join(f"{word}\n" for word in task.words).encode())
            writer.add_file(f"bench/{task.name}.prepare", task.prepare.encode())
        writer.finish()
    return path


def _boot(kernel: str, title: str, folder: str, image: str, memory: int, extra: list[str],
          clock: tuple[str, ...] = machine.COUNTED) -> list[tuple[str, int]]:
    """The rounds in their order: the task's name and its nanoseconds."""
    log = os.path.join(folder, "log")
    command = [*counted_machine.command(counted_machine.BOARDS["q35"], memory, cpu=counted_machine.CPU_WITHOUT_BYTE_COPIES,
                                        clock=(*clock, *counted_machine.DATE), console=("-serial", f"file:{log}")),
               "-kernel", kernel, "-initrd", image, "-append", f"{machine.WORDS} rdinit=/init", *extra]
    text = machine.run(command, log, title, limit=SILENCE_LIMIT)
    failed = FAILED.search(text)
    if failed is not None:
        raise ExoError(f"{title}: {failed[1]}: {failed[2]}\n{machine.last_words(text.partition('@@FAILED')[0])}")
    if "@@DONE" not in text:
        raise ExoError(f"{title} did not come to the end of its tasks{machine.last_words(text)}")
    return [(name, int(nanoseconds)) for name, _, nanoseconds in ROUND.findall(text)]


def _least_memory(kernel: str, title: str, folder: str, archive: str, task: Task) -> int:
    """In steps of MEMORY_STEP MiB: of the machine, the root included, with which one start works."""
    image = _image(folder, archive, [task], 0)

    def works(memory: int) -> bool:
        try:
            _boot(kernel, title, folder, image, memory, [])
        except ExoError:
            return False
        return True

    low, high = 0, _memory(archive) // MEMORY_STEP
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle * MEMORY_STEP) else (middle, high)
    return high * MEMORY_STEP


# ---- What is kept and shown

def merged(found: dict[str, dict[str, Cost]], linux: dict) -> dict:
    """The figures beside those that are known of the other programs; a least memory stays until it is measured anew."""
    try:
        with open(DATA, encoding="utf-8") as file:
            programs = json.load(file)["programs"]
    except (OSError, ValueError, KeyError):
        programs = {}
    for name, sides in found.items():
        before = programs.get(name, {})
        programs[name] = {side: {**dataclasses.asdict(cost), "memory": cost.memory or before.get(side, {}).get("memory")}
                          for side, cost in sides.items()}
    return {"linux": linux, "qemu": machine.qemu_version(), "programs": {task.name: programs[task.name] for task in TASKS if task.name in programs}}


def save(data: dict) -> None:
    write(DATA, json.dumps(data, indent=1) + "\n")
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    write(PAGE, put_into(page, section(data)))
    process.say("wrote the table of docs/performance.md, and benches/programs.json")


def recorded_section() -> str:
    """The section of docs/performance.md as the figures that are kept make it; empty where there are none."""
    try:
        with open(DATA, encoding="utf-8") as file:
            return section(json.load(file))
    except OSError:
        return ""


def put_into(page: str, text: str) -> str:
    without = re.sub(rf"^{HEADING}\n.*?(?=^## )", "", page, flags=re.MULTILINE | re.DOTALL)
    return without.replace(NEXT_HEADING, text + NEXT_HEADING, 1)


def _row(task: Task, entry: dict) -> list[str]:
    linux, exo = entry["linux"], entry["exo"]
    memory = f"{linux['memory']} / {exo['memory']}" if linux["memory"] and exo["memory"] else ""
    return [task.title, f"{linux['instructions'] / 1e6:,.1f}", f"{exo['instructions'] / 1e6:,.1f}",
            f"{linux['instructions'] / exo['instructions']:.2f}", f"{linux['kernel'] / 1e6:,.1f}", f"{exo['kernel'] / 1e6:,.1f}",
            f"{linux['kernel'] / exo['kernel']:.2f}", f"{linux['seconds']:.2f} / {exo['seconds']:.2f}", memory]


HEADS = ["program", "Linux, million", "Exo-OS, million", "ratio", "Linux's kernel", "Exo-OS's kernel", "ratio", "seconds", "least memory, MiB"]


def section(data: dict) -> str:
    rows = [_row(task, data["programs"][task.name]) for task in TASKS if task.name in data["programs"]]
    table = "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in [HEADS, ["---"] + ["---:"] * 8, *rows])
    return f"""{HEADING}

Generated by `./exo bench programs`: instructions of the whole machine, in millions, from before the fork to after the wait, with the
program and its children; and the part of them that the kernel executes. The files have been read before. Seconds (Linux / Exo-OS) are
those of this emulator, and the least memory includes the root, which lies in memory. Linux is {data['linux']['package']} {data['linux']['version']}.

{table}

"""


def for_terminal(tasks: list[Task], data: dict) -> str:
    rows = [HEADS, *(_row(task, data["programs"][task.name]) for task in tasks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(row, widths))) for row in rows)
