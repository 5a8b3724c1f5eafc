"""What all kinds of hostile sequences are made of: values of which half are wrong, and a maker that knows what would only
hurt the controller."""

from __future__ import annotations

import dataclasses
import random
import struct
from collections.abc import Callable

from campaign.rules.rules import Maker
from campaign.sequences.model import ARENA, PAGE, World
from campaign.sequences.sequence import ACTORS, CALL_FORK, IN, RESTORER, Argument, Buffer, Call, Field, Handler, Result
from campaign.sequences.values import MASK, Values, texts

CLONE_VM, CLONE_FS, CLONE_FILES, SIGCHLD = 0x100, 0x200, 0x400, 17
SIGBUS, SIGSEGV, SIGCONT = 7, 11, 18
SA_SIGINFO, SA_RESTORER, SA_NODEFER, SA_ONSTACK, SA_RESTART = 4, 0x04000000, 0x40000000, 0x08000000, 0x10000000
MAP_PRIVATE, MAP_SHARED, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE = 2, 1, 0x10, 0x20, 0x4000
RLIMIT_NOFILE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_AS, RLIMIT_MEMLOCK = 7, 2, 3, 9, 8
NOBODY = 99999
MOST_LIKELY_OPEN = 16

# Places of the arena: a writable page whose neighbour is not there, one that cannot be written, one that cannot be touched,
# one that others change.
HALF, READ_ONLY, NOTHING, SHARED = ARENA + 2 * PAGE, ARENA + 8 * PAGE, ARENA + 12 * PAGE, ARENA + 16 * PAGE

HURTING = (
    0, 1, 8, 0xFFF, 0x1000, HALF + PAGE - 1, HALF + PAGE - 4, HALF + PAGE - 100, READ_ONLY, READ_ONLY + PAGE - 8, NOTHING,
    NOTHING - 4, SHARED, 0x400000, 0x7FFFFFFFE000, 0x7FFFFFFFEFFF, 0x7FFFFFFFF000, 0x7FFFFFFFFFFF, 0x800000000000,
    0xFFFF7FFFFFFFFFFF, 0xFFFF800000000000, 0xFFFF888000000000, 0xFFFFFFFF80000000, 0xFFFFFFFF80200000, 0xFFFFFFFFFFFFF000,
    MASK - 7, MASK)
WRAPPING = (MASK, MASK - 1, 1 << 63, (1 << 63) - 1, 1 << 47, (1 << 47) - PAGE, 1 << 32, (1 << 31) - 1, 1 << 31, 0xFFFFFFFF, 0)


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


def prepare(maker: NastyMaker) -> None:
    """Pages with the properties that HURTING names."""
    for address, protection, share in ((HALF, 3, MAP_PRIVATE), (READ_ONLY, 1, MAP_PRIVATE), (NOTHING, 0, MAP_PRIVATE),
                                       (SHARED, 7, MAP_SHARED)):
        maker.add(0, "mmap", (address, PAGE, protection, share | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))


def family(maker: NastyMaker, most: int, flags: int) -> list[int]:
    """Two to `most` actors that share what `flags` say."""
    for child in range(1, maker.rng.randint(2, most)):
        maker.calls.append(Call(0, CALL_FORK, "fork", (child, 2, flags | SIGCHLD)))
        maker.world.fork(0, child, bool(flags & CLONE_FILES))
        if flags & CLONE_VM:
            maker.world.actors[child].maps = maker.world.actors[0].maps
    return maker.world.living()


def guess_results(calls: list[Call], start: int, rng: random.Random) -> tuple[Call, ...]:
    """In a race nobody waits for what calls return: arguments out of results become numbers that descriptors are likely to have."""

    def argument(value: Argument) -> Argument:
        if isinstance(value, (Result, Field)) and value.call >= start:
            return rng.randrange(3, MOST_LIKELY_OPEN) + (value.plus if isinstance(value, Result) else 0)
        if isinstance(value, Buffer):
            return dataclasses.replace(value, pointers=tuple((offset, argument(inner)) for offset, inner in value.pointers))
        return value

    def guessed(call: Call) -> Call:
        return dataclasses.replace(call, arguments=tuple(map(argument, call.arguments)), extra=tuple(map(argument, call.extra)))

    return (*calls[:start], *map(guessed, calls[start:]))


class Stepper:
    """Makes calls of one kind. `steps`: methods that take an actor, each with its weight."""

    steps: tuple[tuple[Callable[[int], None], float], ...] = ()

    def __init__(self, maker: NastyMaker) -> None:
        self.maker = maker
        self.rng = maker.rng
        self.is_racing = False

    def step(self, actor: int) -> None:
        steps, weights = zip(*self.steps)
        self.rng.choices(steps, weights)[0](actor)

    def race(self, actors: list[int], least: int, most: int) -> int:
        """So many steps, fewer than `most`, of actors that run against each other from here on: where that is."""
        self.is_racing = True
        start = len(self.maker.calls)
        for _ in range(self.rng.randrange(least, most)):
            self.step(self.rng.choice(actors))
        return start


def fork_again(maker: NastyMaker, actor: int) -> None:
    """In a place that somebody has had before, if the guest finds that it has ended: so that some go on until the end."""
    world = maker.world
    place = maker.rng.choice([place for place in range(ACTORS) if place != actor])
    maker.add(actor, "fork", (place, 0, SIGCHLD), number=CALL_FORK)
    if place not in world.actors or not world.actors[place].is_alive:
        world.fork(actor, place, False)


def survived_signal(maker: NastyMaker, target: int) -> int:
    """One that the actor handles, or that lets it go on if it was stopped."""
    return maker.rng.choice(sorted(maker.world.actors[target].handled | {SIGCONT}))


def handle(maker: NastyMaker, actor: int, number: int, handler: Argument, flags: int, mask: bytes = b"\0" * 8) -> None:
    """Installs a handler; the restorer is the executor's."""
    data = b"\0" * 8 + struct.pack("<Q", flags | SA_SIGINFO | SA_RESTORER) + b"\0" * 8 + mask
    pointers = ((0, handler), (16, Handler(RESTORER)))
    maker.add(actor, "rt_sigaction", (number, Buffer(32, data, IN, pointers, "kernel_sigaction"), 0, 8))
    maker.world.actors[actor].handled.add(number)


def survive_faults(maker: NastyMaker, actor: int, flags: int = 0) -> None:
    """Looks at memory that is not there end with an error from now on, however many there are."""
    for number in (SIGBUS, SIGSEGV):
        handle(maker, actor, number, Handler(1), SA_NODEFER | flags)


def execute(maker: NastyMaker, actor: int) -> None:
    """The actor's program begins again: with no mappings and no handlers."""
    path, words = b"/exe\0", (b"/exe", b"actor%d" % actor)
    array, extra = texts(words, 2)
    maker.add(actor, "execve", (Buffer(len(path), path, IN, (), "path"), array, 0), extra)
    maker.world.actors[actor].maps = []
    maker.world.actors[actor].handled.clear()
    survive_faults(maker, actor)
