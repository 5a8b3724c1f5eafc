"""Everything in /proc: of processes that live, end, are zombies or gone, by descriptors that were kept, in odd pieces, while
others execute, map, leave or become somebody else."""

from __future__ import annotations

import random
import struct

from campaign.hostile.mapping_kind import Mapper
from campaign.hostile.nasty import (
    CLONE_FILES, CLONE_FS, CLONE_VM, HURTING, SIGCHLD, NastyMaker, Stepper, execute, family, fork_again, prepare, survive_faults)
from campaign.rules.report_rules import FILES, LINKS
from campaign.sequences.model import FOLDER, REPORT, Descriptor
from campaign.sequences.sequence import CALL_FORK, IN, OUT, Argument, Buffer, Process, ProcessName, Result
from campaign.sequences.values import AT_FDCWD, MASK

# Of a process. Its descriptors from 60 on are the executor's.
OF_PROCESS = ("stat", "status", "statm", "cmdline", "comm", "environ", "limits", "maps", "mountinfo", "mounts", "wchan", "uid_map",
              "gid_map", "fdinfo/0", "fdinfo/3", "fdinfo/4", "fdinfo/5", "fd/3", "exe", "cwd/a")
ODD_OF_PROCESS = ("", "task", "fd", "fdinfo", "fd/0", "fd/4", "cwd", "root", "task/0", "mem", "none", "root/dev/ttyS1", "fd/3/c",
                  "exe/x", "comm/", "fdinfo/..", "task/../stat")
LINKS_OF_PROCESS = ("cwd", "exe", "root", "fd/0", "fd/3", "fd/4", "fd/5", "stat", "fd/58")
OF_MACHINE = ("", "meminfo", "stat", "cpuinfo", "uptime", "loadavg", "devices", "filesystems", "partitions", "swaps", "version", "locks",
              "cmdline", "sys", "sys/kernel", "sys/kernel/random", "sys/kernel/random/uuid", "sys/kernel/random/boot_id", "sys/fs",
              "sys/vm")
# Of process 1 nothing is touched that could be changed through it.
OF_FIRST = ("stat", "status", "statm", "cmdline", "environ", "limits", "maps", "mountinfo", "task", "fd", "fdinfo", "fdinfo/3", "wchan")
FOLDERS = ("", "", "task", "fd", "fdinfo", "cwd", "root")
O_DIRECTORY, O_PATH, O_NOFOLLOW = 0o200000, 0o10000000, 0o400000
_LENGTHS = (0, 1, 2, 3, 7, 10, 24, 31, 64, 100, 1000, 4095, 4096, 4097, 8192)
_OFFSETS = (0, 1, 2, 5, 10, 100, 1000, 4095, 4096, 4097, 8192, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, (1 << 63) - 100, MASK, 1 << 63)
_WRITTEN = (b"", b"x", b"name\n", b"1000", b"-1", b"a name that is far too long for it", b"\0" * 20, b"\xff" * 100, b"0 0 4294967295\n",
            b"(a) R 1\n")
_IDENTITY = (("setuid", 1), ("setgid", 1), ("setresuid", 3), ("setreuid", 2), ("setfsuid", 1), ("setsid", 0))


def make(maker: NastyMaker, rng: random.Random) -> None:
    reader = _begin(maker, rng)
    for _ in range(rng.randrange(1, 3)):
        reader.fork(0)
    for _ in range(rng.randrange(25, 80)):
        maker.is_nasty = rng.random() < 0.15
        reader.step(rng.choice(maker.world.living() or [0]))


def make_race(maker: NastyMaker, rng: random.Random) -> int:
    reader = _begin(maker, rng)
    actors = family(maker, 3, rng.choice((0, CLONE_FILES, CLONE_VM, CLONE_FILES | CLONE_FS, CLONE_VM | CLONE_FILES)))
    reader.mapper.is_racing = True
    return reader.race(actors, 60, 180)


def _begin(maker: NastyMaker, rng: random.Random) -> _Reader:
    prepare(maker)
    maker.is_nasty = False
    survive_faults(maker, 0)
    reader = _Reader(maker)
    reader.mapper.open(0)
    for _ in range(rng.randrange(3)):
        reader.mapper.map(0)
    for _ in range(6):
        reader.open(0)
    return reader


class _Reader(Stepper):
    """Makes calls about reports, and what changes them."""

    def __init__(self, maker: NastyMaker) -> None:
        super().__init__(maker)
        self.mapper = Mapper(maker)
        self.steps = ((self.open, 16), (self.read, 30), (self.list, 8), (self.look, 8), (self.write, 5), (self.start_there, 4),
                      (self.map, 10), (self.fork, 4), (self.execute, 3), (self.leave, 2.5), (self.reap, 3), (self.change, 5),
                      (self.send, 2), (self.close, 2))

    def _path(self, names: tuple[str, ...] = OF_PROCESS) -> Buffer:
        """Of any process, whether it is there or not."""
        rng, pick = self.rng, self.rng.random()
        if rng.random() < 0.1:
            names = ODD_OF_PROCESS
        if pick < 0.55:
            text = b"/proc/" + b"/" * 8 + b"/" + rng.choice(names).encode() + b"\0"
            who = rng.choice(list(self.maker.world.actors)) if rng.random() < 0.9 else rng.randrange(4)
            return Buffer(len(text), text, IN, ((6, ProcessName(who)),), "path")
        if pick < 0.75:
            path = rng.choice(("/proc/self/", "/proc/self/", "/proc/thread-self/", "/proc/0/", "/proc/99999/")) + rng.choice(names)
        elif pick < 0.8:
            path = "/proc/1/" + rng.choice(OF_FIRST)
        elif pick < 0.9:
            path = "/proc/" + rng.choice(OF_MACHINE if names is OF_PROCESS else ("", "sys", "sys/fs"))
        else:
            path = rng.choice(FILES if names is OF_PROCESS else LINKS)
        text = path.encode() + b"\0"
        return Buffer(len(text), text, IN, (), "path")

    def _entry(self, actor: int, kinds: tuple[str, ...] = (REPORT, FOLDER)) -> Argument:
        entries = [entry.name for entry in self.maker.world.actors[actor].descriptors if entry.kind in kinds]
        return self.rng.choice(entries) if entries and self.rng.random() < 0.97 else self.rng.randrange(3, 12)

    def _keep(self, actor: int, index: int, kind: str) -> None:
        self.maker.world.actors[actor].descriptors.append(Descriptor(Result(index), kind, True, False))

    def open(self, actor: int) -> None:
        flags = self.rng.choice((0,) * 10 + (1, 2, O_PATH, O_NOFOLLOW, O_PATH | O_NOFOLLOW, 0o1000, 0o102, 0o4000))
        if self.rng.random() < 0.3:
            self._keep(actor, self.maker.add(actor, "open", (self._path(FOLDERS), O_DIRECTORY, 0)), FOLDER)
        else:
            self._keep(actor, self.maker.add(actor, "open", (self._path(), flags, 0o644)), REPORT)

    def start_there(self, actor: int) -> None:
        """A folder of a process is kept, and goes on to be a starting point when the process has gone."""
        rng = self.rng
        text = rng.choice(OF_PROCESS[:13]).encode() + b"\0"
        pick = rng.random()
        if pick < 0.6:
            index = self.maker.add(actor, "openat", (self._entry(actor, (FOLDER,)), Buffer(len(text), text, IN, (), "path"), 0, 0))
            self._keep(actor, index, REPORT)
        elif pick < 0.8:
            self.maker.add(actor, "fchdir", (self._entry(actor, (FOLDER,)),))
        else:
            self.maker.add(actor, "getcwd", (Buffer(100, b"", OUT), 100))

    def read(self, actor: int) -> None:
        rng, entry = self.rng, self._entry(actor, (REPORT,))
        length, pick = rng.choice(_LENGTHS), rng.random()
        memory: Argument = rng.choice(HURTING) if rng.random() < 0.1 else Buffer(length, b"", OUT)
        if pick < 0.4:
            self.maker.add(actor, "read", (entry, memory, length))
        elif pick < 0.75:
            self.maker.add(actor, "pread64", (entry, memory, length, rng.choice(_OFFSETS[:8] if rng.random() < 0.8 else _OFFSETS)))
        elif pick < 0.9:
            self.maker.add(actor, "lseek", (entry, rng.choice(_OFFSETS), rng.choice((0, 0, 1, 2, 3, 4, 5))))
        else:
            self.maker.add(actor, "sendfile", (self._entry(actor, ("file",)), entry, 0, length))

    def list(self, actor: int) -> None:
        entry, length = self._entry(actor, (FOLDER,)), self.rng.choice((0, 10, 24, 30, 48, 100, 1000, 4096))
        memory: Argument = self.rng.choice(HURTING) if self.rng.random() < 0.1 else Buffer(length, b"", OUT)
        self.maker.add(actor, "getdents64", (entry, memory, length))
        if self.rng.random() < 0.4:
            self.maker.add(actor, "lseek", (entry, self.rng.choice(_OFFSETS), self.rng.choice((0, 1, 2))))

    def look(self, actor: int) -> None:
        pick, length = self.rng.random(), self.rng.choice(_LENGTHS[:12])
        if pick < 0.5:
            self.maker.add(actor, "readlink", (self._path(LINKS_OF_PROCESS), Buffer(length, b"", OUT), length))
        elif pick < 0.7:
            flags = self.rng.choice((0, 0x100, 0x1000))
            self.maker.add(actor, "newfstatat", (AT_FDCWD, self._path(), Buffer(144, b"", OUT, (), "stat"), flags))
        elif pick < 0.85:
            self.maker.add(actor, "fstat", (self._entry(actor), Buffer(144, b"", OUT, (), "stat")))
        else:
            names = ("faccessat2", "statx", "fstatfs", "poll", "fcntl", "access", "chmod", "utimensat", "rename")
            self.maker.generic(actor, self.rng.choice(names))

    def write(self, actor: int) -> None:
        path, text = self._path(), self.rng.choice(_WRITTEN)
        if path.data.startswith((b"/proc/sys", b"/proc/1/")):
            return
        index = self.maker.add(actor, "open", (path, self.rng.choice((1, 2)), 0))
        memory: Argument = self.rng.choice(HURTING) if self.rng.random() < 0.15 else Buffer(len(text), text)
        name, more = self.rng.choice((("write", ()), ("pwrite64", (self.rng.choice(_OFFSETS),))))
        self.maker.add(actor, name, (Result(index), memory, len(text), *more))

    def close(self, actor: int) -> None:
        name = self._entry(actor)
        self.maker.add(actor, "close", (name,))
        entries = self.maker.world.actors[actor].descriptors
        entries[:] = [entry for entry in entries if entry.name != name]

    # ---- What changes under the reader

    def map(self, actor: int) -> None:
        self.rng.choice((self.mapper.map, self.mapper.unmap, self.mapper.protect, self.mapper.remap, self.mapper.touch))(actor)

    def fork(self, actor: int) -> None:
        if self.is_racing:
            self.maker.add(actor, "fork", (3, 0, SIGCHLD), number=CALL_FORK)
        else:
            self.rng.choice((self.maker.fork, lambda forking: fork_again(self.maker, forking)))(actor)

    def execute(self, actor: int) -> None:
        execute(self.maker, actor)

    def leave(self, actor: int) -> None:
        if actor != 0:
            self.maker.end(actor)

    def reap(self, actor: int) -> None:
        self.maker.add(actor, "wait4", (MASK, Buffer(4, b"", OUT), self.rng.choice((1, 3, 11)), 0))

    def change(self, actor: int) -> None:
        """Who it is, what it is called, where it is, what it may."""
        pick = self.rng.random()
        if pick < 0.35:
            name, count = self.rng.choice(_IDENTITY)
            self.maker.add(actor, name, (self.rng.choice((0, 1000, MASK)),) * count)
        elif pick < 0.6:
            self.maker.add(actor, "prctl", (15, Buffer(16, self.rng.choice(_WRITTEN).ljust(16, b"\0")[:16]), 0, 0, 0))
        elif pick < 0.7:
            self.maker.add(actor, "prctl", (4, self.rng.choice((0, 1)), 0, 0, 0))  # PR_SET_DUMPABLE: whose its files are
        elif pick < 0.85:
            who = Process(self.rng.choice(list(self.maker.world.actors)))
            limit = Buffer(16, struct.pack("<QQ", *(self.rng.choice((0, 5, 1000, MASK)),) * 2))
            self.maker.add(actor, "prlimit64", (who, self.rng.choice((1, 1, 4, 5, 10, 0)), limit, 0))
        else:
            names = ("chdir", "rmdir", "unlink", "mkdir", "rename", "rt_sigaction", "dup2", "eventfd2", "pipe")
            self.maker.make(actor, self.rng.choice(names))

    def send(self, actor: int) -> None:
        target = self.rng.choice(list(self.maker.world.actors))
        self.maker.add(actor, "kill", (Process(target), self.rng.choice((9, 18, 19, 15)) if target != 0 else 18))
