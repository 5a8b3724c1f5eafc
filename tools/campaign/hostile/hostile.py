"""Sequences that are made to hurt. Nothing is compared: the machine has to survive them, and nothing may be left of them.

Each is of one kind: wrong pointers and lengths, garbage in every register, no memory or no descriptors left, random bytes
executed as code or as a program, processes that share memory and descriptors and race for them. Mappings, terminals, /proc, signals,
instructions, threads and names have kinds in modules of their own.
"""

from __future__ import annotations

import random
import struct

from campaign.hostile import elf, instruction_kind, mapping_kind, name_kind, report_kind, signal_kind, terminal_kind, thread_kind
from campaign.hostile.nasty import (
    CLONE_FILES, CLONE_FS, CLONE_VM, HURTING, MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, RLIMIT_AS, RLIMIT_DATA,
    RLIMIT_NOFILE, RLIMIT_STACK, SHARED, SIGCHLD, WRAPPING, NastyMaker, family, guess_results, prepare)
from campaign.rules.rules import GLOBAL, NOT_DIRECT
from campaign.sequences.model import PAGE, World
from campaign.sequences.sequence import CALL_EXECUTE, CALL_FORK, CALL_LOAD, CALL_POKE, IN, Buffer, Process, Result, Sequence
from campaign.sequences.values import MASK

# How often each is made. Those with a module of their own are its `make`, or `make_race` for a race.
_MODULES = {"mappings": mapping_kind.make, "mapping race": mapping_kind.make_race, "terminals": terminal_kind.make,
            "terminal race": terminal_kind.make_race, "reports": report_kind.make, "report race": report_kind.make_race,
            "signals": signal_kind.make, "signal race": signal_kind.make_race, "instructions": instruction_kind.make,
            "families": thread_kind.make_families, "threads": thread_kind.make_threads, "thread race": thread_kind.make_thread_race,
            "futex race": thread_kind.make_futex_race, "descriptor race": thread_kind.make_descriptor_race, "names": name_kind.make, "name race": name_kind.make_race}
MOST_CALLS = 256  # guest/wire.h
KINDS = {"pointers": 2, "garbage": 2, "memory": 1, "descriptors": 2, "code": 2, "programs": 2, "race": 3, "changing": 2,
         "mappings": 3, "mapping race": 3, "terminals": 2, "terminal race": 2, "reports": 2, "report race": 2, "signals": 3,
         "signal race": 3, "instructions": 3, "families": 3, "threads": 2, "thread race": 4, "futex race": 3, "descriptor race": 4,
         "names": 2, "name race": 2}


class Generator:
    """The same seed gives the same sequence."""

    def __init__(self, calls: list[dict], kinds: tuple[str, ...] = tuple(KINDS)) -> None:
        self.descriptions = {call["name"]: call for call in calls}
        self._kinds = kinds
        self._weights = [KINDS[kind] for kind in kinds]
        self._names = [name for name in self.descriptions if name not in NOT_DIRECT | GLOBAL]

    def sequence(self, seed: int) -> Sequence:
        rng = random.Random(seed)
        kind = rng.choices(self._kinds, self._weights)[0]
        maker = NastyMaker(World(rng), self.descriptions)
        race_from = (_MODULES.get(kind) or getattr(self, "_make_" + kind))(maker, rng)
        calls = maker.calls[:MOST_CALLS]
        if race_from is None:
            return Sequence(tuple(calls), seed, kind)
        return Sequence(guess_results(calls, race_from, rng), seed, kind, race_from)

    # ---- Kinds. What they return is where the race begins.

    def _make_pointers(self, maker: NastyMaker, rng: random.Random) -> None:
        prepare(maker)
        for name in ("open", "pipe", "openat"):
            maker.make(0, name)
        if rng.random() < 0.3:
            maker.fork(0)
        for _ in range(rng.randrange(8, 20)):
            maker.generic(rng.choice(maker.world.living() or [0]), rng.choice(self._names))

    def _make_garbage(self, maker: NastyMaker, rng: random.Random) -> None:
        prepare(maker)
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
            for _ in range(rng.randrange(3)):  # the limits decide where the program's memory lies
                limits = struct.pack("<QQ", rng.choice(_LIMITS), rng.choice(_LIMITS))
                maker.add(index + 1, "setrlimit", (rng.randrange(16), Buffer(16, limits)))
            maker.add(index + 1, "execve", (Buffer(len(path), path, IN, (), "path"), 0, 0))
            maker.add(0, "kill", (Process(index + 1), 9))

    def _make_race(self, maker: NastyMaker, rng: random.Random) -> int:
        prepare(maker)
        maker.is_nasty = rng.random() < 0.3
        for name in ("open", "pipe", "openat", "eventfd2", "mmap"):
            maker.make(0, name)
        actors = family(maker, 4, rng.choice((CLONE_VM | CLONE_FILES | CLONE_FS, CLONE_FILES, CLONE_VM, CLONE_FS | CLONE_FILES)))
        start = len(maker.calls)
        names = rng.sample(self._names, 5) + ["open", "close", "dup2", "read", "write", "mmap", "munmap", "mprotect", "rename", "unlink"]
        for _ in range(rng.randrange(40, 120)):
            maker.make(rng.choice(actors), rng.choice(names))
        maker.calls[start:] = [call for call in maker.calls[start:] if call.number != CALL_FORK]
        return start

    def _make_changing(self, maker: NastyMaker, rng: random.Random) -> int:
        """One actor changes a page over and over while others hand it to calls."""
        prepare(maker)
        maker.is_nasty = False
        maker.make(0, "open")
        actors = family(maker, 4, CLONE_VM | CLONE_FILES)
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


_LIMITS = (MASK, MASK, MASK, MASK - PAGE, 1 << 63, 1 << 46, (8 << 20) + 1, (8 << 20) - 1, 65537, 1 << 20, PAGE, 1, 0)
_POINTERS = {"path", "text", "texts", "pointer", "array", "buffer", "io_vectors", "descriptor_set"}
