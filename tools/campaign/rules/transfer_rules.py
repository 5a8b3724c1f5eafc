"""Rules for splice, tee and vmsplice: pipes that are filled, moved, copied and emptied."""

from __future__ import annotations

import struct

from campaign.sequences.model import FILE, Descriptor
from campaign.sequences.sequence import IN, IN_OUT, OUT, Argument, Buffer, Pointer
from campaign.sequences.values import MASK

MOVE, NONBLOCK, MORE, GIFT = 1, 2, 4, 8
F_SETPIPE_SZ, F_GETPIPE_SZ, FIONREAD = 1031, 1032, 0x541B
_LENGTHS = (1, 5, 10, 100, 1000, 4096, 4097, 8192, 70000, 0)


class TransferRules:
    """A part of Maker (rules.py)."""

    def begin_transfers(self, actor: int) -> None:
        for _ in range(2):
            self._pipe(actor, "pipe2", (self.rng.choice((0, 0, 0o4000)),))
        self._open_as(actor, "writable")
        if self.rng.random() < 0.3:
            self._pair(actor)
        if self.rng.random() < 0.25:
            self.fork(actor)

    def use_transfer(self, actor: int) -> None:
        steps = ((self._splice, 30), (self._tee, 12), (self._vmsplice, 14), (self._fill, 14), (self._drain, 14), (self._pipe_settings, 6),
                 (self._close_an_end, 3), (self._other, 7))
        names, weights = zip(*steps)
        self.rng.choices(names, weights)[0](actor)

    def apart_behind_pipes(self, name: str, entries: list[Descriptor], arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Once a pipe may show pages of a file, no more than a byte goes from a pipe into a file: what comes of pieces that overlap is up
        to the kernel's memcpy."""
        source, target, length = (0, 2, 4) if name == "splice" else (1, 0, 3)
        kinds = {entry.name: entry.kind for entry in entries if entry.name not in (0, 1, 2)}  # these may have become anything
        if kinds.get(arguments[source], FILE) == FILE:
            self.world.pipes_show_files = True
        elif self.world.pipes_show_files and kinds.get(arguments[target], FILE) == FILE:
            return (*arguments[:length], 1, *arguments[length + 1:])
        return arguments

    def _transfer_flags(self, actor: int, may_wait: bool) -> int:
        flags = self.rng.choice((0, 0, MOVE, MORE, MOVE | MORE, GIFT)) | (NONBLOCK if self.rng.random() < 0.3 or not may_wait else 0)
        return flags if not self.values(actor).is_odd() else flags | self.rng.choice((0x10, 1 << 31))

    def _ends(self, actor: int) -> tuple[Argument, Argument, bool]:
        """From and to; whether there is something in what is read."""
        incoming = self.world.find(actor, "pipe to read" if self.rng.random() < 0.6 else "readable")
        outgoing = self.world.find(actor, "pipe to write" if self.rng.random() < 0.6 else "writable")
        if self.values(actor).is_odd():
            incoming = self.world.find(actor, "file")
        may_wait = incoming is None or not incoming.would_wait()
        if incoming is not None and outgoing is not None and incoming.pipe is not None and may_wait:
            target = outgoing.out or outgoing.pipe
            if target is not None:
                target.size += 1
        return (7 if incoming is None else incoming.name), (7 if outgoing is None else outgoing.name), may_wait

    def _offset(self, actor: int) -> Argument:
        if self.rng.random() < 0.6:
            return 0
        return Buffer(8, struct.pack("<q", self.rng.choice((0, 1, 10, 99, 100, 4096, 5000)) if not self.values(actor).is_odd()
                                     else self.rng.choice((-1, 1 << 62, (1 << 63) - 1))), IN_OUT)

    def _splice(self, actor: int) -> None:
        incoming, outgoing, may_wait = self._ends(actor)
        length = self.rng.choice(_LENGTHS) if not self.values(actor).is_odd() else self.rng.choice((MASK, 1 << 31, 1 << 63))
        self.add(actor, "splice", (incoming, self._offset(actor), outgoing, self._offset(actor), length, self._transfer_flags(actor, may_wait)))

    _call_splice = _splice

    def _tee(self, actor: int) -> None:
        incoming, outgoing, may_wait = self._ends(actor)
        self.add(actor, "tee", (incoming, outgoing, self.rng.choice(_LENGTHS), self._transfer_flags(actor, may_wait)))

    _call_tee = _tee

    def _vmsplice(self, actor: int) -> None:
        outward = self.rng.random() < 0.65
        entry = self.world.find(actor, "pipe to write" if outward else "pipe to read")
        if self.values(actor).is_odd():
            entry = self.world.find(actor, "file")
        if entry is None:
            self._pipe(actor, "pipe2", (0,))
            return
        count = self.rng.choice((1, 1, 2, 3, 0))
        lengths = [self.rng.choice((0, 1, 10, 100, 4096, 5000)) for _ in range(count)]
        parts = tuple(self.values(actor).bytes_in(length) if outward else Buffer(length, b"", OUT) for length in lengths)
        vectors = Buffer(16 * count, b"".join(struct.pack("<QQ", 0, length) for length in lengths), IN,
                         tuple((16 * index, Pointer(1 + index)) for index in range(count)), "iovec")
        told = count if not self.values(actor).is_odd() else self.rng.choice((1025, MASK))
        may_wait = outward or not entry.would_wait()
        self.add(actor, "vmsplice", (entry.name, vectors, told, self._transfer_flags(actor, may_wait)), parts)
        if entry.pipe is not None and outward:
            entry.pipe.size += sum(lengths)
            # The pages are the program's own until they are read (vmsplice(2)), and the next call's buffers may lie there.
            self._drain_pipe(actor, entry)

    _call_vmsplice = _vmsplice

    def _drain_pipe(self, actor: int, written) -> None:
        for entry in self.world.actors[actor].descriptors:
            if entry.kind == "pipe to read" and entry.pipe is written.pipe:
                self.add(actor, "read", (entry.name, Buffer(16384, b"", OUT), 16384))
                entry.pipe.size = 0
                return

    def _fill(self, actor: int) -> None:
        entry = self.world.find(actor, "pipe to write")
        if entry is None:
            self._pipe(actor, "pipe2", (0,))
            return
        length = self.rng.choice((1, 10, 100, 1000, 4096, 5000, 10000))
        self.add(actor, "write", (entry.name, self.values(actor).bytes_in(length), length))
        if entry.pipe is not None:
            entry.pipe.size += length

    def _drain(self, actor: int) -> None:
        entry = self.world.find(actor, "pipe to read")
        if entry is None or entry.would_wait() and self.rng.random() < 0.9:
            return
        length = self.rng.choice((1, 10, 100, 4096, 10000))
        self.add(actor, "read", (entry.name, Buffer(length, b"", OUT), length))
        if entry.pipe is not None:
            entry.pipe.size = max(entry.pipe.size - length, 0)

    def _pipe_settings(self, actor: int) -> None:
        entry = self.world.find(actor, self.rng.choice(("pipe to read", "pipe to write")))
        if entry is None:
            return
        pick = self.rng.random()
        if pick < 0.35:
            self.add(actor, "fcntl", (entry.name, F_SETPIPE_SZ, self.rng.choice((0, 1, 4096, 8192, 10000, 1 << 16, 1 << 20, 1 << 31))))
        elif pick < 0.6:
            self.add(actor, "fcntl", (entry.name, F_GETPIPE_SZ, 0))
        else:
            self.add(actor, "ioctl", (entry.name, FIONREAD, Buffer(4, b"", OUT)))

    def _close_an_end(self, actor: int) -> None:
        entry = self.world.find(actor, self.rng.choice(("pipe to read", "pipe to write")))
        if entry is not None:
            self.add(actor, "close", (entry.name,))
            self.world.actors[actor].descriptors.remove(entry)

    def _other(self, actor: int) -> None:
        self.make(actor, self.rng.choice(("sendfile", "copy_file_range", "lseek", "pipe2", "openat", "dup", "poll", "fstat", "memfd_create")))
