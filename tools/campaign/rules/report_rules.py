"""Rules for what /proc tells a program about itself and the machine."""

from __future__ import annotations

from campaign.sequences.model import REPORT, Descriptor
from campaign.sequences.sequence import IN, OUT, Buffer, Result

# What is compared field by field (reports.py). Read whole: nothing of it depends on how it is read.
FILES = ("/proc/self/stat", "/proc/self/status", "/proc/self/cmdline", "/proc/self/comm", "/proc/self/environ", "/proc/self/limits",
         "/proc/self/mountinfo", "/proc/self/mounts", "/proc/self/statm", "/proc/self/uid_map", "/proc/self/gid_map",
         "/proc/self/wchan", "/proc/thread-self/stat", "/proc/self/fdinfo/0", "/proc/self/task", "/proc/self/fdinfo/3", "/proc/uptime",
         "/proc/loadavg", "/proc/swaps", "/proc/sys/kernel/hostname", "/proc/sys/kernel/ostype", "/proc/sys/kernel/ngroups_max",
         "/proc/sys/kernel/cap_last_cap", "/proc/sys/kernel/domainname", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/nr_open",
         "/proc/sys/vm/mmap_min_addr", "/proc/sys/fs/pipe-max-size", "/proc/none", "/proc/self/none", "/proc/self/fd/9999", "/proc/0")
LINKS = ("/proc/self/cwd", "/proc/self/exe", "/proc/self/root", "/proc/self/fd/0", "/proc/self/fd/3", "/proc/self/fd/4", "/proc/self",
         "/proc/thread-self", "/proc/mounts", "/proc/self/fd/58", "/proc/self/stat")
FOLDERS = ("/proc/self/fd", "/proc/self/fdinfo", "/proc/self/task")
SIZE = 4096


class ReportRules:
    """A part of Maker (rules.py)."""

    def read_report(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.15:
            path = self.rng.choice(LINKS)
            self.add(actor, "readlink", (_path(path), Buffer(128, b"", OUT, (), path), 128))
        elif pick < 0.22:
            path = self.rng.choice(FOLDERS)
            index = self._open_report(actor, path, 0o200000)
            self.add(actor, "getdents64", (Result(index), Buffer(1024, b"", OUT, (), path + "/"), 1024))
        elif pick < 0.3:
            self._set_name(actor)
        else:
            path = self.rng.choice(FILES[:2] if self.rng.random() < 0.4 else FILES)
            index = self._open_report(actor, path, 0)
            self.add(actor, "read", (Result(index), Buffer(SIZE, b"", OUT, (), path), SIZE))
            if self.rng.random() < 0.5:
                self.add(actor, "close", (Result(index),))
                self.world.actors[actor].descriptors.pop()

    def _open_report(self, actor: int, path: str, flags: int) -> int:
        index = self.add(actor, "open", (_path(path), flags, 0))
        self.world.actors[actor].descriptors.append(Descriptor(Result(index), REPORT, True, False))
        return index

    def _set_name(self, actor: int) -> None:
        index = self.add(actor, "open", (_path("/proc/self/comm"), self.rng.choice((1, 2)), 0))
        text = self.rng.choice((b"n", b"name\n", b"a longer name than fits", b"x\0y", b"", b"(a) b"))
        self.add(actor, "write", (Result(index), Buffer(len(text), text), len(text)))
        self.add(actor, "close", (Result(index),))


def _path(text: str) -> Buffer:
    return Buffer(len(text) + 1, text.encode() + b"\0", IN, (), "path")
