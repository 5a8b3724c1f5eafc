"""Rules for programs that become others in every way there is, and for calls that no other area can make."""

from __future__ import annotations

import struct

from campaign.sequences.model import FOLDER, Descriptor
from campaign.sequences.sequence import IN, Argument, Buffer, Result
from campaign.sequences.values import AT_FDCWD, MASK, texts

O_DIRECTORY, O_CLOEXEC, O_PATH = 0o200000, 0o2000000, 0o10000000
AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = 0x100, 0x1000
_SELF = b"/exe"
_STACK_SIZES = (MASK, MASK - 4096, 1 << 46, 1 << 63, (8 << 20) + 1, (8 << 20) - 1, 8 << 20, 300001, 128 << 20, 20 << 30)
_LARGE_SIZES = (MASK, MASK - 1, (1 << 40) + 1, (1 << 30) - 1)
# RLIMIT_STACK, and those whose size is no matter as long as it is large.
_LIMITS = ((3, _STACK_SIZES), (3, _STACK_SIZES), (2, _LARGE_SIZES), (8, _LARGE_SIZES), (9, _LARGE_SIZES), (1, _LARGE_SIZES), (5, _LARGE_SIZES))


class ProgramRules:
    """A part of Maker (rules.py)."""

    def use_program(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.4:
            self._call_execveat(actor)
        elif pick < 0.5:
            self._call_execve(actor)
        elif pick < 0.6:
            self.fork(actor)
        elif pick < 0.7:
            self._call_wait4(actor)
        elif pick < 0.83:
            self.make(actor, "socket")
        elif pick < 0.96:
            self.add(actor, "restart_syscall", ())
        else:
            self._call_exit(actor)

    def limit_before_exec(self, actor: int) -> None:
        """The next program's memory is laid out by the limits: sizes that are no multiple of a page, none, and nearly none."""
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            resource, values = self.rng.choice(_LIMITS)
            soft = self.rng.choice(values)
            self.add(actor, "setrlimit", (resource, Buffer(16, struct.pack("<QQ", soft, MASK), IN, (), "rlimit64")))

    def _call_execveat(self, actor: int) -> None:
        self.limit_before_exec(actor)
        folder, path, flags = self._program(actor)
        array, extra = texts(self.words_of(actor), 2)
        self.add(actor, "execveat", (folder, Buffer(len(path) + 1, path + b"\0", IN, (), "path"), array, 0, flags), extra)
        self.note_execution(actor)

    def _program(self, actor: int) -> tuple[Argument, bytes, int]:
        """Mostly this very program, by one of the ways that execveat(2) knows."""
        pick = self.rng.random()
        if pick < 0.25:
            return self.rng.choice((AT_FDCWD, 99, MASK)), _SELF, self.rng.choice((0, 0, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW))
        if pick < 0.5:
            return self._open_program(actor, b"/", O_DIRECTORY), _SELF[1:], self.rng.choice((0, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW))
        if pick < 0.75:
            return self._open_program(actor, _SELF, 0), b"", AT_EMPTY_PATH
        # What fails, of all kinds.
        folder = self.values(actor).descriptor("directory")
        path = self.rng.choice((b"", b"exe", b"l", b"m", b"a", b"d", b"none", b"/bin/busybox/x"))
        return folder, path, self.rng.choice((0, 0, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, 1, 0x200, 0x1100))

    def _open_program(self, actor: int, path: bytes, flags: int) -> Result:
        flags |= self.rng.choice((0, 0, O_PATH, O_CLOEXEC))
        index = self.add(actor, "openat", (AT_FDCWD, Buffer(len(path) + 1, path + b"\0", IN, (), "path"), flags, 0))
        self.world.actors[actor].descriptors.append(Descriptor(Result(index), FOLDER, False, False))
        return Result(index)
