"""Signals: handlers on strange stacks, frames that are forged, signals while somebody waits in every kind of call, storms of
stopping, going on and ending."""

from __future__ import annotations

import enum
import random
import struct

from campaign.hostile.nasty import (
    CLONE_FILES, CLONE_VM, HALF, HURTING, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, NOTHING, READ_ONLY, SA_NODEFER, SA_ONSTACK, SA_RESTART,
    SHARED, SIGBUS, SIGCHLD, SIGSEGV, NastyMaker, Stepper, execute, family, fork_again, handle, prepare, survive_faults, survived_signal)
from campaign.sequences.model import ARENA, PAGE
from campaign.sequences.sequence import (
    CALL_FORGE, CALL_FORK, CALL_PEEK, CALL_POKE, CALL_RETURN, IN, IN_OUT, OUT, Argument, Buffer, Field, Handler, Pointer, Process)
from campaign.sequences.values import MASK

PLAIN, INFORMED, NESTING, FORGING, LANDING = range(5)
SA_NOCLDSTOP, SA_NOCLDWAIT, SA_RESETHAND, SS_AUTODISARM = 1, 2, 0x80000000, 1 << 31
NON_CANONICAL = (0x800000000000, 0x7FFFFFFFFFFF, 0x7FFFFFFFF000, 0xFFFF800000000000, 0xFFFF7FFFFFFFFFFF, 1 << 63, MASK)
STORM = (9, 18, 18, 18, 19, 19, 20, 21, 22)
HANDLED = (1, 2, 3, 5, 8, 10, 12, 14, 15, 17, 18, 20, 23, 28, 34, 35, 50, 64)
GOOD_STACK = ARENA + 24 * PAGE  # until somebody changes it

# ucontext_t: words of 8 bytes from its start (rt_sigreturn(2), the kernel's asm/sigcontext.h).
class _At(enum.IntEnum):
    STACK, GENERAL, RSP, RIP, FLAGS, SEGMENTS, FPU, SIGNALS, END = 16, 40, 160, 168, 176, 184, 224, 296, 304


_PLACES = (_At.RSP, _At.RSP, _At.RIP, _At.FLAGS, _At.SEGMENTS, _At.FPU, _At.FPU, _At.SIGNALS, _At.STACK, _At.STACK + 8, _At.STACK + 16)
_USUAL_SEGMENTS = 0x33 | 0x2B << 48
# Of the FPU's state: control word, MXCSR and its mask, software bytes, XSTATE_BV, XCOMP_BV, reserved, the components, the end mark.
_FPU_PLACES = (0, 8, 16, 24, 28, 32, 160, 416, 464, 468, 472, 480, 488, 512, 520, 528, 536, 560, 568, 576, 700, 828, 832)
_FPU_WORDS = (0, 1, 2, 3, 7, 0x46505853, 0x46505845, 0x1F80, 0xFFFFFFFF, 0x037F, 1 << 63, 1 << 62, MASK, 0x344, 0x340, 1 << 17,
              0x1F80 | 0xFFFF << 32)


def make(maker: NastyMaker, rng: random.Random) -> None:
    sender = _begin(maker, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        maker.fork(0)
    for _ in range(rng.randrange(25, 80)):
        sender.step(rng.choice(maker.world.living() or [0]))


def make_race(maker: NastyMaker, rng: random.Random) -> int:
    sender = _begin(maker, rng)
    actors = family(maker, 3, rng.choice((0, CLONE_VM, CLONE_VM | CLONE_FILES, CLONE_FILES)))
    sender.is_storm = rng.random() < 0.4
    return sender.race(actors, 50, 150)


def _begin(maker: NastyMaker, rng: random.Random) -> _Sender:
    prepare(maker)
    maker.is_nasty = False
    sender = _Sender(maker)
    sender.recover(0)
    for _ in range(rng.randrange(4, 12)):
        sender.handle(0)
    maker.make(0, "pipe")
    return sender


class _Sender(Stepper):
    """Makes calls about signals."""

    def __init__(self, maker: NastyMaker) -> None:
        super().__init__(maker)
        self.is_storm = False
        self.steps = ((self.send, 24), (self.handle, 8), (self.stack, 8), (self.forge, 9), (self.return_by, 9), (self.wait, 7),
                      (self.mask, 8), (self.time, 4), (self.fault, 5), (self.change_memory, 6), (self.fork, 6), (self.execute, 1),
                      (self.recover, 4), (self.reap, 4), (self.group, 1), (self.look, 2))

    # ---- Sending

    def send(self, actor: int) -> None:
        rng, actors = self.rng, list(self.maker.world.actors)
        target = rng.choice(actors)
        number = survived_signal(self.maker, target) if rng.random() < 0.92 else rng.choice((*HANDLED, 9, 19))
        if self.is_storm and target != 0:
            number = rng.choice(STORM)
        if number in (9, 19) and target == 0 and rng.random() < 0.8:
            number = 18
        pick = rng.random()
        if pick < 0.5:
            self.maker.add(actor, "kill", (Process(target, rng.random() < 0.15), number))
        elif pick < 0.65:
            self.maker.add(actor, "tgkill", (Process(target), Process(target), number))
        elif pick < 0.7:
            self.maker.add(actor, "kill", (rng.choice((0, MASK)), number if number != 9 else 18))
        else:
            info = struct.pack("<iii", number, rng.choice((0, 5)), rng.choice((-1, -1, -2, -6, 0, 1, -60))) + rng.randbytes(100)
            self.maker.add(actor, "rt_sigqueueinfo", (Process(target), number, Buffer(128, info.ljust(128, b"\0"), IN, (), "siginfo")))

    def handle(self, actor: int) -> None:
        """Any handler, also where nothing can run, for any signal."""
        rng = self.rng
        number = rng.choice(HANDLED) if rng.random() < 0.95 else rng.choice((SIGSEGV, SIGBUS))
        flags = 0
        for bit, share in ((SA_NODEFER, 0.5), (SA_ONSTACK, 0.5), (SA_RESTART, 0.4), (SA_RESETHAND, 0.1), (SA_NOCLDSTOP, 0.2),
                           (SA_NOCLDWAIT, 0.1)):
            flags |= bit if rng.random() < share else 0
        handler: Argument = Handler(rng.choice((PLAIN, INFORMED, INFORMED, NESTING, FORGING, FORGING, LANDING)))
        if rng.random() < 0.06:
            handler = rng.choice((*HURTING, *NON_CANONICAL))
        mask = rng.choice((b"\0" * 8, b"\0" * 8, b"\xff" * 8, rng.randbytes(8)))
        handle(self.maker, actor, number, handler, flags, mask)

    # ---- Stacks and frames

    def stack(self, actor: int) -> None:
        """An alternate stack in memory that is read-only, half there, not there, shared with a race, or no address at all."""
        rng = self.rng
        bad = (HALF, HALF - PAGE, READ_ONLY, NOTHING, SHARED, SHARED, *NON_CANONICAL, *HURTING[:8])
        base = GOOD_STACK if rng.random() < 0.4 else rng.choice(bad)
        size = rng.choice((2048, 2048, 2047, PAGE, PAGE, 4 * PAGE, 0, MASK, (1 << 64) - PAGE, 1 << 47, 3000))
        flags = rng.choice((0, 0, 0, 1, 2, SS_AUTODISARM, SS_AUTODISARM | 1, 4))
        old: Argument = Buffer(24, b"", OUT) if rng.random() < 0.3 else 0
        self.maker.add(actor, "sigaltstack", (Buffer(24, struct.pack("<QIIQ", base, flags, 0, size)), old))

    def recover(self, actor: int) -> None:
        """What comes next finds an actor whose faults do not end it at once."""
        self.maker.add(actor, "mmap", (GOOD_STACK, 4 * PAGE, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))
        self.maker.add(actor, "sigaltstack", (Buffer(24, struct.pack("<QIIQ", GOOD_STACK, 0, 0, 4 * PAGE)), 0))
        self.maker.add(actor, "rt_sigprocmask", (2, Buffer(8, b"\0" * 8), 0, 8))
        survive_faults(self.maker, actor, SA_ONSTACK)

    def change_memory(self, actor: int) -> None:
        """Under stacks and frames."""
        rng = self.rng
        address = rng.choice((HALF, READ_ONLY, SHARED, GOOD_STACK))
        size = rng.choice((PAGE, PAGE, 4 * PAGE))
        pick = rng.random()
        if pick < 0.4:
            self.maker.add(actor, "mmap", (address, size, rng.choice((0, 1, 3, 3, 3)), rng.choice((0x31, 0x32, 0x132)), MASK, 0))
        elif pick < 0.65:
            self.maker.add(actor, "mprotect", (address, size, rng.choice((0, 1, 3, 3, 7))))
        elif pick < 0.75:
            self.maker.add(actor, "munmap", (address, size))
        else:
            self.maker.add(actor, "poke", (address, size, rng.randrange(256), 0), number=CALL_POKE)

    def forge(self, actor: int) -> None:
        """What the forging handler does to the frame that the kernel has made."""
        rng, data, pointers = self.rng, b"", []
        count = rng.choice((0, 1, 1, 2, 3))
        for index in range(count):
            if rng.random() < 0.5:
                where, word = (1, rng.choice(_FPU_PLACES)), rng.choice((*_FPU_WORDS, rng.getrandbits(64)))
            else:
                place = rng.choice((*_PLACES, *range(_At.GENERAL, _At.RSP, 8)))
                where, word = (0, place), self._word(place)
            if isinstance(word, Handler):
                pointers.append((16 * index + 8, word))
                word = 0
            data += struct.pack("<IIQ", *where, word)
        self.maker.add(actor, "forge", (Buffer(16 * count, data, IN, tuple(pointers)) if count else 0, count), number=CALL_FORGE)

    def _word(self, place: int) -> Argument:
        rng = self.rng
        match place:
            case _At.RIP:
                return rng.choice((Handler(LANDING), Handler(LANDING), rng.choice(NON_CANONICAL), rng.choice(HURTING), rng.getrandbits(64)))
            case _At.RSP:
                return rng.choice((*NON_CANONICAL, *HURTING, GOOD_STACK + PAGE, rng.getrandbits(64)))
            case _At.FLAGS:
                return rng.choice((0x202, 0x302, 0x40202, 0x3202, 0x4202, 0x10202, 0x20202, 0x200202, 0, MASK, rng.getrandbits(22),
                                   rng.getrandbits(64)))
            case _At.SEGMENTS:
                return rng.choice((_USUAL_SEGMENTS, 0x23 | 0x2B << 48, 0x33, 0x10 | 0x18 << 48, 0x8 | 0x10 << 48, 0x33 | 0x33 << 48,
                                   0x2B | 0x33 << 48, 0x30 | 0x28 << 48, 0x7 | 0x2B << 48, rng.getrandbits(64), 0x33 | 0xFFFB << 48))
            case _At.FPU:
                return rng.choice((0, 0, SHARED, SHARED + 8, HALF + PAGE - 512, READ_ONLY, NOTHING, *HURTING, *NON_CANONICAL))
            case _At.SIGNALS:
                return rng.choice((0, 0, MASK, rng.getrandbits(64)))
            case _:
                return rng.choice((*HURTING, rng.getrandbits(64), 0, 2048, 1))

    def return_by(self, actor: int) -> None:
        """rt_sigreturn with a frame that was never pushed; now and then signals wait to be let through by it."""
        rng = self.rng
        if rng.random() < 0.35:
            self.maker.add(actor, "rt_sigprocmask", (0, Buffer(8, b"\xff" * 8), 0, 8))
            for _ in range(rng.choice((1, 1, 2, 5))):
                self.maker.add(actor, "kill", (Process(actor), rng.choice(HANDLED)))
        if rng.random() < 0.2:
            self.maker.add(actor, "return", (rng.choice((*HURTING, *NON_CANONICAL)),), number=CALL_RETURN)
            return
        words: dict[int, Argument] = {place: rng.getrandbits(64) for place in range(_At.GENERAL, _At.RSP, 8)}
        words |= {_At.RSP: GOOD_STACK + PAGE, _At.RIP: Handler(LANDING), _At.FLAGS: 0x202, _At.SEGMENTS: _USUAL_SEGMENTS,
                  _At.FPU: 0, _At.SIGNALS: 0}
        for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
            place = rng.choice(_PLACES)
            words[place] = self._word(place)
        extra: tuple[Buffer, ...] = ()
        pointers = [(place, word) for place, word in words.items() if not isinstance(word, int)]
        if rng.random() < 0.5:
            extra = (self._fpu(),)
            pointers.append((_At.FPU, Pointer(1, rng.choice((0, 0, 0, 0, 8, 1)))))
        data = bytearray(_At.END)
        for place, word in words.items():
            if isinstance(word, int):
                struct.pack_into("<Q", data, place, word)
        self.maker.add(actor, "return", (Buffer(_At.END, bytes(data), IN, tuple(pointers)),), extra, number=CALL_RETURN)

    def _fpu(self) -> Buffer:
        """At a place that is aligned as it has to be, up to where a page ends that has none behind it."""
        rng = self.rng
        size = rng.choice((512, 576, 832, 896, 1088, 2752, PAGE))
        data = bytearray(rng.choice((b"\0" * size, rng.randbytes(size))))
        struct.pack_into("<I", data, 24, rng.choice((0x1F80, 0x1F80, 0, 0xFFFFFFFF, 0x10000)))
        for _ in range(rng.randrange(6)):
            place = rng.choice([place for place in _FPU_PLACES if place + 8 <= size])
            struct.pack_into("<Q", data, place, rng.choice(_FPU_WORDS))
        return Buffer(size, bytes(data), IN)

    # ---- Waiting

    def wait(self, actor: int) -> None:
        """In every kind of call, for ever or for long."""
        rng = self.rng
        pipe = next((entry for entry in self.maker.world.actors[actor].descriptors if isinstance(entry.name, Field)), None)
        long_time = Buffer(16, struct.pack("<qq", rng.choice((0, 0, 0, 1000)), 10_000_000), IN_OUT)
        forever: Argument = rng.choice((0, long_time, long_time))
        some = Buffer(8, struct.pack("<Q", rng.choice((0, MASK, rng.getrandbits(64)))), IN, (), "signal_set")
        word = Buffer(8, b"\xff\xff\xff\xff\1\0\0\0", IN_OUT, (), "pollfd")
        waits: list[tuple[str, tuple[Argument, ...]]] = [
            ("pause", ()), ("nanosleep", (long_time, rng.choice((0, Buffer(16, b"", OUT), READ_ONLY)))),
            ("rt_sigsuspend", (some, 8)), ("rt_sigtimedwait", (some, Buffer(128, b"", OUT), forever, 8)),
            ("poll", (word, 1, rng.choice((MASK, 20, 20)))),
            ("ppoll", (word, 1, forever, rng.choice((0, some)), 8)), ("select", (0, 0, 0, 0, forever)),
            ("pselect6", (0, 0, 0, 0, forever, 0)),
            ("clock_nanosleep", (rng.choice((0, 1, 2, 7)), rng.choice((0, 1)), long_time, Buffer(16, b"", OUT))),
            ("wait4", (MASK, Buffer(4, b"", OUT), rng.choice((0, 1, 2, 8, 10)), 0)),
            ("waitid", (0, 0, Buffer(128, b"", OUT), rng.choice((4, 6, 14)), 0)),
            ("open", (Buffer(2, b"p\0", IN, (), "path"), rng.choice((0, 1)), 0))]
        if pipe is not None:
            waits += [("read", (pipe.name, rng.choice((Buffer(100, b"", OUT), SHARED)), 100))] * 2
            waits += [("write", (pipe.name, SHARED, 1 << 20)), ("sendfile", (pipe.name, pipe.name, 0, 1 << 20))]
        self.maker.add(actor, *rng.choice(waits))

    def time(self, actor: int) -> None:
        value = struct.pack("<qqqq", 0, self.rng.choice((0, 50, 100, 5000)), 0, self.rng.choice((0, 100, 2000)))
        self.maker.add(actor, "setitimer", (self.rng.choice((0, 0, 1, 2)), Buffer(32, value, IN, (), "itimerval"), 0))

    def mask(self, actor: int) -> None:
        bits = self.rng.choice((0, 0, MASK, self.rng.getrandbits(64), 1 << (self.rng.choice(HANDLED) - 1)))
        self.maker.add(actor, "rt_sigprocmask", (self.rng.choice((0, 1, 1, 1, 2)), Buffer(8, struct.pack("<Q", bits)), 0, 8))

    # ---- The rest

    def fault(self, actor: int) -> None:
        address = self.rng.choice((NOTHING, READ_ONLY, HALF + PAGE, *HURTING))
        if self.rng.random() < 0.5:
            self.maker.add(actor, "poke", (address, 8, 1), number=CALL_POKE)
        else:
            self.maker.add(actor, "peek", (address, 8), number=CALL_PEEK)

    def look(self, actor: int) -> None:
        self.maker.add(actor, "rt_sigpending", (Buffer(8, b"", OUT), 8))

    def fork(self, actor: int) -> None:
        if self.is_racing:
            self.maker.add(actor, "fork", (3, 0, self.rng.choice((0, 10, SIGCHLD, SIGCHLD, 64))), number=CALL_FORK)
        else:
            self.rng.choice((self.maker.fork, lambda forking: fork_again(self.maker, forking)))(actor)

    def execute(self, actor: int) -> None:
        execute(self.maker, actor)

    def reap(self, actor: int) -> None:
        self.maker.add(actor, "wait4", (MASK, Buffer(4, b"", OUT), self.rng.choice((1, 3, 11)), 0))

    def group(self, actor: int) -> None:
        self.maker.add(actor, self.rng.choice(("setpgid", "setsid")), (0, 0))
