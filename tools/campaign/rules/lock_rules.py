"""Rules for locks on files: of descriptors, of processes and of open files, over ranges that meet."""

from __future__ import annotations

import struct

from campaign.sequences.model import FILE, Descriptor
from campaign.sequences.sequence import IN, IN_OUT, OUT, Argument, Buffer, Result
from campaign.sequences.values import MASK

SHARED, EXCLUSIVE, NOWAIT, UNLOCK = 1, 2, 4, 8
GETLK, SETLK, SETLKW, OFD_GETLK, OFD_SETLK, OFD_SETLKW = 5, 6, 7, 36, 37, 38
_STARTS = (0, 0, 0, 10, 20, 50, 90, 100, 200)
_LENGTHS = (0, 1, 10, 20, 40, 100, -10, -1)


class LockRules:
    """A part of Maker (rules.py)."""

    def begin_locks(self, actor: int) -> None:
        for _ in range(2):
            self._open_locked(actor)
        if self.rng.random() < 0.8:
            self.fork_process(actor) if self.rng.random() < 0.75 else self.start_thread(actor)
            if self.rng.random() < 0.6:
                self._open_locked(self.world.living()[-1])

    def use_lock(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.08:
            self._open_locked(actor)
        elif pick < 0.33:
            self._flock(actor)
        elif pick < 0.72:
            self._record(actor)
        elif pick < 0.8:
            index = self._open_report(actor, "/proc/locks", 0)
            self.add(actor, "read", (Result(index), Buffer(4096, b"", OUT, (), "/proc/locks"), 4096))
            self.add(actor, "close", (Result(index),))
            self.world.actors[actor].descriptors.pop()
        elif pick < 0.84:
            if len(self.world.living()) > 1:
                self.end(actor)
        else:
            self.make(actor, self.rng.choice(("close", "dup", "dup2", "fork", "lseek", "read", "write", "ftruncate", "execve", "unlink", "kill")))

    def _open_locked(self, actor: int) -> None:
        path = self.rng.choice((b"a", b"a", b"a", b"b", b"d", b"p"))
        flags = self.rng.choice((2, 2, 2, 0, 1, 0o2000002, 0o10000000)) if path != b"d" else 0
        flags |= 0o4000 if path == b"p" else 0
        index = self.add(actor, "openat", (-100 & MASK, Buffer(2, path + b"\0", IN, (), "path"), flags, 0))
        self.world.actors[actor].descriptors.append(Descriptor(Result(index), FILE, flags & 3 != 1, flags & 3 != 0, path=path.decode()))

    def _locked(self, actor: int) -> Argument:
        entry = self.world.find(actor, "seekable")
        if entry is None or self.values(actor).is_odd():
            entry = self.world.find(actor, "file")
        return entry.name if entry is not None else 0

    def _may_wait(self, actor: int) -> bool:
        return any(other != actor for other in self.world.ready()) and self.rng.random() < 0.3

    def _flock(self, actor: int) -> None:
        waits = self._may_wait(actor)
        operation = self.rng.choice((SHARED, EXCLUSIVE, EXCLUSIVE, UNLOCK))
        operation |= 0 if waits or operation == UNLOCK else NOWAIT
        if self.values(actor).is_odd():
            operation = self.rng.choice((0, 3, 7, 12, 0x10, 0x20, 0x20 | SHARED, MASK))
        self.add(actor, "flock", (self._locked(actor), operation))
        self.world.actors[actor].is_waiting = waits and operation != UNLOCK
        if operation == UNLOCK:
            self._everybody_may_go_on()

    _call_flock = _flock

    def _record(self, actor: int) -> None:
        waits = self._may_wait(actor)
        command = self.rng.choice((SETLKW, OFD_SETLKW) if waits else (SETLK, SETLK, SETLK, OFD_SETLK, OFD_SETLK, GETLK, OFD_GETLK))
        kind = self.rng.choice((0, 1, 1, 2)) if not self.values(actor).is_odd() else self.rng.choice((3, 4, 32, 0xFFFF))
        whence = self.rng.choice((0, 0, 0, 1, 2)) if not self.values(actor).is_odd() else 3
        start, length = self.rng.choice(_STARTS), self.rng.choice(_LENGTHS)
        if self.values(actor).is_odd():
            start, length = self.rng.choice(((-1, 0), ((1 << 63) - 1, 1), ((1 << 63) - 1, 2), (1, (1 << 63) - 1), (0, -(1 << 63)), (5, -10)))
        owner = 0 if not self.values(actor).is_odd() else 5
        data = struct.pack("<hhiqqii", kind if kind < 0x8000 else kind - 0x10000, whence, 0, start, length, owner, 0)
        self.add(actor, "fcntl", (self._locked(actor), command, Buffer(32, data, IN_OUT if command in (GETLK, OFD_GETLK) else IN, (), "flock")))
        self.world.actors[actor].is_waiting = waits and kind != 2
        if kind == 2:
            self._everybody_may_go_on()
