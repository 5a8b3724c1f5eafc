"""Sequences that are made to hurt. Nothing is compared: the machine has to survive them, and nothing may be left of them.

Each is of one kind: wrong pointers and lengths, garbage in every register, no memory or no descriptors left, random bytes
executed as code or as a program, processes that share memory and descriptors and race for them.
"""

from __future__ import annotations

import random
import struct

import elf
from model import ARENA, PAGE, World
from rules import GLOBAL, NOT_DIRECT, Maker
from sequence import (CALL_EXECUTE, CALL_FORK, CALL_LOAD, CALL_POKE, IN, Argument, Buffer, Call, Process, Result, Sequence)
from values import MASK, Values

CLONE_VM, CLONE_FS, CLONE_FILES, SIGCHLD = 0x100, 0x200, 0x400, 17
MAP_PRIVATE, MAP_SHARED, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE = 2, 1, 0x10, 0x20, 0x4000
RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_AS = 7, 1, 2, 3, 9
NOBODY = 99999

# Places of the arena: a writable page whose neighbour is not there, one that cannot be written, one that cannot be touched,
# one that others change.
HALF, READ_ONLY, NOTHING, SHARED = ARENA + 2 * PAGE, ARENA + 8 * PAGE, ARENA + 12 * PAGE, ARENA + 16 * PAGE

HURTING = (
    0, 1, 8, 0xFFF, 0x1000, HALF + PAGE - 1, HALF + PAGE - 4, HALF + PAGE - 100, READ_ONLY, READ_ONLY + PAGE - 8, NOTHING,
    NOTHING - 4, SHARED, 0x400000, 0x7FFFFFFFE000, 0x7FFFFFFFEFFF, 0x7FFFFFFFF000, 0x7FFFFFFFFFFF, 0x800000000000,
    0xFFFF7FFFFFFFFFFF, 0xFFFF800000000000, 0xFFFF888000000000, 0xFFFFFFFF80000000, 0xFFFFFFFF80200000, 0xFFFFFFFFFFFFF000,
    MASK - 7, MASK)
WRAPPING = (MASK, MASK - 1, 1 << 63, (1 << 63) - 1, 1 << 47, (1 << 47) - PAGE, 1 << 32, (1 << 31) - 1, 1 << 31, 0xFFFFFFFF, 0)
KINDS = ("pointers", "garbage", "memory", "descriptors", "code", "programs", "race", "race", "changing")


class Nasty(Values):
    """Half of what it makes is wrong."""

    def __init__(self, world: World, actor: int) -> None:
        super().__init__(world, actor)
        self.odd = 2

    def bad_address(self) -> int:
        return self.rng.choice(HURTING)

    def length(self) -> int:
        return self.rng.choice(WRAPPING) if self.rng.random() < 0.2 else super().length()

    def range_length(self) -> int:
        return self.rng.choice(WRAPPING) if self.rng.random() < 0.3 else super().range_length()


class NastyMaker(Maker):
    """Knows what would only hurt the controller."""

    is_nasty = True

    def values(self, actor: int) -> Values:
        return Nasty(self.world, actor) if self.is_nasty else Values(self.world, actor)

    def add(self, actor: int, name: str, arguments: tuple[Argument, ...], extra: tuple[Buffer, ...] = (),
            number: int | None = None) -> int:
        if name in ("mount", "umount2", "chroot"):
            arguments = tuple(_inside(argument) for argument in arguments)
        given = self.descriptions.get(name, {}).get("arguments", ())
        arguments = tuple(NOBODY if index < len(given) and given[index]["kind"] in ("pid", "selected_id") and argument == 1
                          else argument for index, argument in enumerate(arguments))
        return super().add(actor, name, arguments, extra, number)


def _inside(argument: Argument) -> Argument:
    """Names of places outside of the box become one inside of it."""
    if isinstance(argument, Buffer) and (argument.data.startswith(b"/") or b".." in argument.data):
        return Buffer(2, b"d\0", IN, (), "path")
    return argument


class Generator:
    """The same seed gives the same sequence."""

    def __init__(self, calls: list[dict]) -> None:
        self.descriptions = {call["name"]: call for call in calls}
        self._names = [name for name in self.descriptions if name not in NOT_DIRECT | GLOBAL]

    def sequence(self, seed: int) -> Sequence:
        rng = random.Random(seed)
        kind = rng.choice(KINDS)
        maker = NastyMaker(World(rng), self.descriptions)
        race_from = getattr(self, "_make_" + kind)(maker, rng)
        return Sequence(tuple(maker.calls), seed, kind, 0xFFFFFFFF if race_from is None else race_from)

    # ---- Kinds. What they return is where the race begins.

    def _prepare(self, maker: Maker) -> None:
        """Pages with the properties that HURTING names."""
        for address, protection, share in ((HALF, 3, MAP_PRIVATE), (READ_ONLY, 1, MAP_PRIVATE), (NOTHING, 0, MAP_PRIVATE),
                                           (SHARED, 7, MAP_SHARED)):
            maker.add(0, "mmap", (address, PAGE, protection, share | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))

    def _make_pointers(self, maker: NastyMaker, rng: random.Random) -> None:
        self._prepare(maker)
        for name in ("open", "pipe", "openat"):
            maker.make(0, name)
        if rng.random() < 0.3:
            maker.fork(0)
        for _ in range(rng.randrange(8, 20)):
            maker.generic(rng.choice(maker.world.living() or [0]), rng.choice(self._names))

    def _make_garbage(self, maker: NastyMaker, rng: random.Random) -> None:
        self._prepare(maker)
        for _ in range(rng.randrange(8, 24)):
            name = rng.choice(self._names + ["rt_sigreturn", "restart_syscall", "execve", "execveat"])
            words = tuple(rng.choice((rng.getrandbits(64), rng.choice(HURTING), rng.choice(WRAPPING), rng.randrange(8), MASK))
                          for _ in range(6))
            number = self.descriptions[name]["number"]
            if rng.random() < 0.1:
                number = rng.choice((rng.randrange(600), rng.getrandbits(32), 335, 511, 512, 0x40000000, 0xFFFFFFFF))
            if name in ("mount", "umount2", "chroot", "reboot", "kill"):
                continue
            if number in (169, 170, 171, 165, 166, 56, 57, 58, 435, 155, 167):  # beyond the program, or a second actor in one
                continue
            maker.add(0, name, words, number=number)

    def _make_memory(self, maker: NastyMaker, rng: random.Random) -> None:
        size = rng.choice((16, 64, 400, 4000)) << 20
        base = 0x100000000
        flags = MAP_FIXED | MAP_ANONYMOUS | rng.choice((MAP_PRIVATE, MAP_PRIVATE | MAP_NORESERVE, MAP_SHARED))
        if rng.random() < 0.4:
            limit = struct.pack("<QQ", *(rng.choice((0, PAGE, 1 << 20, 64 << 20)),) * 2)
            maker.add(0, "setrlimit", (rng.choice((RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK)), Buffer(16, limit)))
        maker.add(0, "mmap", (base, size, 3, flags, MASK, 0))
        if rng.random() < 0.5:
            maker.fork(0)
        for actor in maker.world.living():
            maker.add(actor, "poke", (base, size, 7, 1), number=CALL_POKE)
        maker.is_nasty = rng.random() < 0.5
        for _ in range(rng.randrange(4, 12)):
            maker.make(rng.choice(maker.world.living() or [0]), rng.choice(("mmap", "munmap", "mremap", "brk", "madvise", "mprotect",
                                                                            "open", "write", "fork", "mlock", "msync", "mincore")))

    def _make_descriptors(self, maker: NastyMaker, rng: random.Random) -> None:
        maker.is_nasty = False
        if rng.random() < 0.5:
            count = rng.choice((1, 4, 10, 70))
            maker.add(0, "setrlimit", (RLIMIT_NOFILE, Buffer(16, struct.pack("<QQ", count, count))))
        for _ in range(rng.randrange(20, 60)):
            maker.make(0, rng.choice(("open", "pipe", "pipe2", "eventfd2", "dup", "dup2", "dup3", "fcntl", "openat")))
        maker.is_nasty = True
        for _ in range(12):
            name = rng.choice([name for name in self._names if "descriptor" in str(self.descriptions[name]["arguments"])])
            maker.make(0, name)

    def _make_code(self, maker: NastyMaker, rng: random.Random) -> int:
        maker.is_nasty = False
        maker.add(0, "mmap", (SHARED, 4 * PAGE, 7, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))
        if rng.random() < 0.5:
            for _ in range(3):
                maker.make(0, "rt_sigaction")
        maker.fork(0)
        start = len(maker.calls)
        for actor in maker.world.living():
            code = elf.random_code(rng)
            maker.add(actor, "load", (SHARED, Buffer(len(code), code), len(code)), number=CALL_LOAD)
            maker.add(actor, "execute", (SHARED + rng.randrange(4),), number=CALL_EXECUTE)
        return start

    def _make_programs(self, maker: NastyMaker, rng: random.Random) -> None:
        for index in range(3):
            content = elf.random_program(rng)
            path = b"x%d\0" % index
            file = maker.add(0, "open", (Buffer(len(path), path, IN, (), "path"), 0o102, 0o755))
            maker.add(0, "write", (Result(file), Buffer(len(content), content), len(content)))
            maker.add(0, "close", (Result(file),))
            maker.add(0, "fork", (index + 1, 0, SIGCHLD), number=CALL_FORK)
            maker.add(index + 1, "execve", (Buffer(len(path), path, IN, (), "path"), 0, 0))
            maker.add(0, "kill", (Process(index + 1), 9))

    def _family(self, maker: NastyMaker, rng: random.Random, flags: int) -> list[int]:
        """Actors that share what `flags` say."""
        for child in range(1, rng.choice((2, 3, 4))):
            maker.calls.append(Call(0, CALL_FORK, "fork", (child, 2, flags | SIGCHLD)))
            maker.world.fork(0, child, bool(flags & CLONE_FILES))
        return maker.world.living()

    def _make_race(self, maker: NastyMaker, rng: random.Random) -> int:
        self._prepare(maker)
        maker.is_nasty = rng.random() < 0.3
        for name in ("open", "pipe", "openat", "eventfd2", "mmap"):
            maker.make(0, name)
        actors = self._family(maker, rng, rng.choice((CLONE_VM | CLONE_FILES | CLONE_FS, CLONE_FILES, CLONE_VM, CLONE_FS | CLONE_FILES)))
        start = len(maker.calls)
        names = rng.sample(self._names, 5) + ["open", "close", "dup2", "read", "write", "mmap", "munmap", "mprotect", "rename", "unlink"]
        for _ in range(rng.randrange(40, 120)):
            maker.make(rng.choice(actors), rng.choice(names))
        maker.calls[start:] = [call for call in maker.calls[start:] if call.number != CALL_FORK]
        return start

    def _make_changing(self, maker: NastyMaker, rng: random.Random) -> int:
        """One actor changes a page over and over while others hand it to calls."""
        self._prepare(maker)
        maker.is_nasty = False
        maker.make(0, "open")
        actors = self._family(maker, rng, CLONE_VM | CLONE_FILES)
        start = len(maker.calls)
        for _ in range(rng.randrange(30, 80)):
            if rng.random() < 0.4:
                maker.add(actors[-1], "poke", (SHARED, PAGE, rng.choice((0, 0x2F, 0x61, 0xFF))), number=CALL_POKE)
            elif rng.random() < 0.1:
                maker.add(actors[-1], "mprotect", (SHARED, PAGE, rng.choice((0, 1, 3))))
            else:
                name = rng.choice(self._names)
                given = self.descriptions[name]["arguments"]
                words = tuple(SHARED + rng.choice((0, 8, 64)) if argument["kind"] in _POINTERS else rng.choice((0, 1, 3, 8, 64))
                              for argument in given)
                maker.add(rng.choice(actors[:-1] or actors), name, words)
        return start


_POINTERS = {"path", "text", "texts", "pointer", "array", "buffer", "io_vectors", "descriptor_set"}
