"""Mappings: each call changes what earlier ones have made, over several of them and holes, while files under them shrink.

The model of what is mapped (World.maps) is kept, so that most calls hit something; what they hit it with is half wrong.
"""

from __future__ import annotations

import random
import struct

from campaign.hostile.nasty import (
    CLONE_FILES, CLONE_FS, CLONE_VM, MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, RLIMIT_AS, RLIMIT_DATA,
    RLIMIT_MEMLOCK, RLIMIT_STACK, SIGCHLD, WRAPPING, NastyMaker, Stepper, execute, family, fork_again, survive_faults)
from campaign.sequences.model import ARENA, ARENA_PAGES, FILE, PAGE, Descriptor
from campaign.sequences.sequence import CALL_FORK, CALL_PEEK, CALL_POKE, IN, OUT, Argument, Buffer, Result
from campaign.sequences.values import MASK

MAYMOVE, FIXED, DONTUNMAP = 1, 2, 4
O_RDWR, O_CREAT = 2, 0o100
MAP_GROWSDOWN, MAP_LOCKED, MAP_POPULATE, MAP_STACK, MAP_FIXED_NOREPLACE = 0x100, 0x2000, 0x8000, 0x20000, 0x100000
PRESSURE = 0x100000000  # where memory is used up
ANONYMOUS_CHILD = 3  # forked in a race: nobody speaks to it, it only has copies
END = ARENA + ARENA_PAGES * PAGE


def make(maker: NastyMaker, rng: random.Random) -> None:
    mapper = _begin(maker, rng)
    for _ in range(3):
        mapper.map(0)
    for _ in range(rng.randrange(25, 70)):
        mapper.step(rng.choice(maker.world.living() or [0]))


def make_race(maker: NastyMaker, rng: random.Random) -> int:
    mapper = _begin(maker, rng)
    for _ in range(rng.randrange(2, 6)):
        mapper.map(0)
    actors = family(maker, 3, rng.choice((CLONE_VM, CLONE_VM | CLONE_FILES, CLONE_VM | CLONE_FILES | CLONE_FS)))
    return mapper.race(actors, 60, 180)


def _begin(maker: NastyMaker, rng: random.Random) -> Mapper:
    maker.is_nasty = rng.random() < 0.2
    mapper = Mapper(maker)
    survive_faults(maker, 0)
    for _ in range(2):
        mapper.open(0)
    if rng.random() < 0.15:
        mapper.limit(0)
    if rng.random() < 0.08:
        mapper.use_up(0)
    return mapper


class Mapper(Stepper):
    """Makes calls about the mappings of actors."""

    def __init__(self, maker: NastyMaker) -> None:
        super().__init__(maker)
        self._paths: list[bytes] = []
        self.steps = ((self.map, 14), (self.remap, 16), (self.unmap, 7), (self.protect, 8), (self.advise, 8), (self.lock, 5),
                      (self.synchronise, 6), (self.touch, 22), (self.change_file, 8), (self.use_as_buffer, 5), (self.fork, 4),
                      (self.grow_heap, 3), (self.execute, 1), (self.leave, 1), (self.limit, 0.5))

    # ---- Ranges

    def _maps(self, actor: int) -> list[tuple[int, int]]:
        return self.maker.world.actors[actor].maps

    def _one(self, actor: int) -> tuple[int, int]:
        """Mostly a mapping or a part of it."""
        maps, rng = self._maps(actor), self.rng
        if not maps or rng.random() < 0.2:
            return self._range(actor)
        first, count = rng.choice(maps)
        inside = rng.choice((0, 0, rng.randrange(count)))
        return first + inside, rng.choice((count - inside, rng.randint(1, count - inside)))

    def _range(self, actor: int) -> tuple[int, int]:
        """Page and count: one mapping, a part of it, from one to another over what lies between, or anything."""
        maps, rng, pick = self._maps(actor), self.rng, self.rng.random()
        if not maps or pick < 0.1:
            first = rng.randrange(ARENA_PAGES)
            return first, rng.randint(1, ARENA_PAGES - first)
        first, count = rng.choice(maps)
        if pick < 0.45:
            return first, count
        if pick < 0.8:
            inside = rng.randrange(count)
            return first + inside, rng.randint(1, count - inside)
        other, other_count = rng.choice(maps)
        return min(first, other), max(first + count, other + other_count) - min(first, other)

    def _note(self, actor: int, first: int, count: int) -> None:
        self._forget(actor, first, count)
        self._maps(actor).append((first, count))

    def _forget(self, actor: int, first: int, count: int) -> None:
        """What is left of mappings besides these pages. The list stays the same one: actors may share it."""
        end = first + count
        parts = [part for start, size in self._maps(actor)
                 for part in ((start, min(size, first - start)), (max(start, end), start + size - max(start, end))) if part[1] > 0]
        self._maps(actor)[:] = parts

    def _address_and_length(self, actor: int) -> tuple[int, int]:
        first, count = self._range(actor) if self.rng.random() < 0.6 else self._one(actor)
        address, length, pick = ARENA + first * PAGE, count * PAGE, self.rng.random()
        if pick < 0.08:
            length = self.rng.choice((*WRAPPING, -PAGE & MASK, -address & MASK, (-address - PAGE) & MASK))
        elif pick < 0.12:
            address += self.rng.choice((1, 8, PAGE - 1))
        elif pick < 0.2:
            length = max(length + self.rng.choice((-1, 1, 100, -PAGE + 1, PAGE)), 0)
        return address, length

    # ---- Making and moving

    def map(self, actor: int) -> None:
        rng = self.rng
        first, count = self._range(actor) if rng.random() < 0.4 else (rng.randrange(ARENA_PAGES), rng.choice((1, 2, 3, 4, 8, 20)))
        entry = self.maker.world.find(actor, "seekable") if rng.random() < 0.45 else None
        place = rng.choice((MAP_FIXED,) * 8 + (MAP_FIXED_NOREPLACE, 0))
        flags = rng.choice((MAP_PRIVATE,) * 5 + (MAP_SHARED,) * 4 + (3,)) | place | (MAP_ANONYMOUS if entry is None else 0)
        flags |= rng.choice((0, 0, 0, MAP_POPULATE, MAP_NORESERVE, MAP_GROWSDOWN, MAP_LOCKED, MAP_STACK))
        descriptor: Argument = MASK if entry is None else entry.name
        offset = rng.choice((0, PAGE, 3 * PAGE)) if rng.random() < 0.95 else rng.choice((1 << 40, -PAGE & MASK, (1 << 63) - PAGE, 1))
        protection = rng.choice((3, 3, 3, 3, 1, 0, 2, 5, 7))
        self.maker.add(actor, "mmap", (ARENA + first * PAGE, count * PAGE, protection, flags, descriptor, offset))
        if place == MAP_FIXED:
            self._note(actor, first, count)

    def remap(self, actor: int) -> None:
        """In all its forms: in place, anywhere, to a place; onto itself, its own middle, another mapping, nothing."""
        rng = self.rng
        first, count = self._one(actor)
        old, length = ARENA + first * PAGE, count * PAGE
        old_length = length if rng.random() < 0.6 else rng.choice((PAGE, 2 * length, 0, 0, MASK, -old & MASK, rng.choice(WRAPPING)))
        new_length = rng.choice((length, length, length, length + PAGE, max(length - PAGE, PAGE), PAGE, 2 * length, 1))
        if rng.random() < 0.1:
            new_length = rng.choice((0, *WRAPPING))
        flags = rng.choice((0, 0) + (MAYMOVE,) * 4 + (MAYMOVE | FIXED,) * 8 + (MAYMOVE | DONTUNMAP, MAYMOVE | FIXED | DONTUNMAP, FIXED))
        other, _ = self._range(actor)
        beside = (old, old + PAGE, old - PAGE, old + length, old + length - PAGE)
        odd = (old + 1, 0, rng.choice((*WRAPPING, 0x7FFFFFFFF000, 0x10000)))
        free = (ARENA + rng.randrange(ARENA_PAGES) * PAGE, END, ARENA + other * PAGE)
        place = rng.choice(rng.choice((beside, beside, free, free, free, odd)))
        self.maker.add(actor, "mremap", (old, old_length, new_length, flags, place))
        if flags & FIXED and ARENA <= place < END and place % PAGE == 0 and 0 < new_length <= END - place:
            if old_length == length:
                self._forget(actor, first, count)
            self._note(actor, (place - ARENA) // PAGE, -(-new_length // PAGE))
        elif flags == MAYMOVE and old_length == length and new_length > length:
            self._forget(actor, first, count)

    def unmap(self, actor: int) -> None:
        address, length = self._address_and_length(actor)
        if length > 8 * PAGE and self.rng.random() < 0.8:
            length = PAGE * self.rng.randint(1, 4)
        self.maker.add(actor, "munmap", (address, length))
        if address % PAGE == 0 and length <= END - address:
            self._forget(actor, (address - ARENA) // PAGE, -(-length // PAGE))

    def grow_heap(self, actor: int) -> None:
        self.maker.make(actor, "brk")

    # ---- What is there already

    def protect(self, actor: int) -> None:
        protection = self.rng.choice((0, 1, 2, 3, 3, 3, 4, 5, 7, 0x01000003, 0x02000001, 0xFF))
        self.maker.add(actor, "mprotect", (*self._address_and_length(actor), protection))

    def advise(self, actor: int) -> None:
        advice = self.rng.choice((0, 1, 2, 3, 4, 4, 4, 8, 8, 9, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 100))
        self.maker.add(actor, "madvise", (*self._address_and_length(actor), advice))

    def lock(self, actor: int) -> None:
        name = self.rng.choice(("mlock", "mlock", "munlock", "mlock2", "mlockall", "munlockall"))
        more = {"mlock2": (self.rng.choice((0, 1, 2)),), "mlockall": (self.rng.choice((1, 2, 3, 4, 5, 6, 7)),), "munlockall": ()}
        before = () if name in ("mlockall", "munlockall") else self._address_and_length(actor)
        self.maker.add(actor, name, (*before, *more.get(name, ())))

    def synchronise(self, actor: int) -> None:
        address, length = self._address_and_length(actor)
        if self.rng.random() < 0.5:
            self.maker.add(actor, "msync", (address, length, self.rng.choice((0, 1, 2, 4, 5, 6, 7, 8))))
        else:
            self.maker.add(actor, "mincore", (address, length, Buffer(ARENA_PAGES, b"", OUT)))

    def touch(self, actor: int) -> None:
        first, count = self._one(actor)
        address, rng = ARENA + first * PAGE, self.rng
        pick = rng.random()
        if pick < 0.4:
            self.maker.add(actor, "poke", (address, count * PAGE, rng.randrange(256), 1), number=CALL_POKE)
        elif pick < 0.7:
            address += rng.choice((0, 1, PAGE - 8))
            self.maker.add(actor, "poke", (address, rng.choice((1, 8, 100)), rng.randrange(256)), number=CALL_POKE)
        else:
            self.maker.add(actor, "peek", (address, rng.choice((1, 8, PAGE))), number=CALL_PEEK)

    def use_as_buffer(self, actor: int) -> None:
        """A call reads or writes it, and may find its end in the middle of its work."""
        entry = self.maker.world.find(actor, "seekable")
        if entry is not None:
            address, length = self._address_and_length(actor)
            name = self.rng.choice(("pread64", "pwrite64"))
            self.maker.add(actor, name, (entry.name, address, length, self.rng.choice((0, 1, PAGE, 5 * PAGE))))

    # ---- Files

    def open(self, actor: int) -> None:
        path = self.rng.choice((b"a\0", b"b\0", b"d/c\0", b"f%d\0" % len(self._paths)))
        self._paths.append(path)
        index = self.maker.add(actor, "open", (Buffer(len(path), path, IN, (), "path"), O_RDWR | O_CREAT, 0o644))
        self.maker.world.actors[actor].descriptors.append(Descriptor(Result(index), FILE, True, True))
        self.maker.add(actor, "ftruncate", (Result(index), self.rng.choice((0, 1, PAGE, 3 * PAGE + 100, 16 * PAGE))))

    def change_file(self, actor: int) -> None:
        """A file that is mapped gets another size, or a hole, or no name."""
        rng, entry = self.rng, self.maker.world.find(actor, "seekable")
        pick = rng.random()
        if entry is None or pick < 0.15:
            self.open(actor)
        elif pick < 0.65:
            size = rng.choice((0, 0, 1, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE, 20 * PAGE, 1 << 30, (1 << 63) - 1))
            self.maker.add(actor, "ftruncate", (entry.name, size))
        elif pick < 0.75:
            mode, length = rng.choice((0, 1, 2, 3, 8, 0x10)), rng.choice((PAGE, 5 * PAGE, 1))
            self.maker.add(actor, "fallocate", (entry.name, mode, rng.choice((0, PAGE, 100)), length))
        elif pick < 0.9:
            path = rng.choice(self._paths)
            self.maker.add(actor, "unlink", (Buffer(len(path), path, IN, (), "path"),))
        else:
            self.maker.add(actor, "close", (entry.name,))

    # ---- Processes

    def fork(self, actor: int) -> None:
        if self.is_racing:
            self.maker.add(actor, "fork", (ANONYMOUS_CHILD, 0, SIGCHLD), number=CALL_FORK)
        else:
            self.rng.choice((self.maker.fork, lambda forking: fork_again(self.maker, forking)))(actor)

    def execute(self, actor: int) -> None:
        if not self.is_racing or self.rng.random() < 0.3:
            execute(self.maker, actor)

    def leave(self, actor: int) -> None:
        if actor != 0 and not self.is_racing:
            self.maker.end(actor)

    # ---- Little memory

    def limit(self, actor: int) -> None:
        which = self.rng.choice((RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK, RLIMIT_MEMLOCK))
        value = self.rng.choice((0, PAGE, 4 * PAGE) if which == RLIMIT_MEMLOCK else (0, 1 << 20, 2 << 20, 4 << 20, 64 << 20))
        self.maker.add(actor, "setrlimit", (which, Buffer(16, struct.pack("<QQ", value, self.rng.choice((value, MASK))))))

    def use_up(self, actor: int) -> None:
        """Nearly all of the machine's memory, or of what mappings may have."""
        size = self.rng.choice((150, 190, 210, 400)) << 20
        flags = MAP_FIXED | MAP_ANONYMOUS | self.rng.choice((MAP_PRIVATE, MAP_PRIVATE | MAP_NORESERVE, MAP_SHARED))
        self.maker.add(actor, "mmap", (PRESSURE, size, 3, flags, MASK, 0))
        self.maker.add(actor, "poke", (PRESSURE, size, 7, 1), number=CALL_POKE)
