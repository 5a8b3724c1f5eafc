"""The functions of the kernel that mean something to the counts of several CPUs: what waits, what idles, what is entered."""

from __future__ import annotations

from ...errors import ExoError
from ..symbols import Symbols

# Code that only waits for another CPU. What a waiting CPU serves for others meanwhile counts as work.
WAITS = ("sync::LockWord::wait_in_queue", "exo_wait_a_turn", "exo_call_keeping_registers", "exo_serve_requests")
PROGRAM_WAITS = ("spin_until",)  # of benches/smp
IDLE = ("scheduler::Scheduler::start",)
SWITCH = "exo_switch_context"
LOCK_WAIT = "sync::LockWord::wait_in_queue"
SLEEPING_LOCKS = ("scheduler::detail::MutexWord::acquire_slowly", "scheduler::detail::RwLockWord::wait_for_shared",
                  "scheduler::detail::RwLockWord::wait_for_exclusive")

# kernel/arch/x86_64/entry.S has a stub for each vector, and apic.cpp says what the vectors are.
STUBS = "exo_vector_stubs"
STUB_SIZE = 16
VECTORS = 256
EXCEPTIONS = range(0, 32)
DEVICES = range(48, 0xfc)
REQUEST, WAKE, TIMER = 0xfc, 0xfd, 0xfe
COUNTERS = ("exceptions", "devices", "requests", "wakes", "timer", "slept")


def text(kernel: Symbols, program: Symbols) -> str:
    """The file that the plugin reads. Errors: ExoError naming the function that the kernel or the program does not have."""
    lines = [_line("wait", kernel, name) for name in WAITS]
    lines += [_line("wait", program, name) for name in PROGRAM_WAITS]
    lines += [_line("idle", kernel, name) for name in IDLE]
    lines.append(_line("resume", kernel, SWITCH))
    stubs, _ = _range(kernel, STUBS)
    lines.append(f"resume {stubs:x} {stubs + VECTORS * STUB_SIZE:x}")
    named = {**dict.fromkeys(EXCEPTIONS, "exceptions"), **dict.fromkeys(DEVICES, "devices"),
             REQUEST: "requests", WAKE: "wakes", TIMER: "timer"}
    lines += [f"count {stubs + vector * STUB_SIZE:x} {name}" for vector, name in named.items()]
    lines += [f"count {_range(kernel, name)[0]:x} slept" for name in SLEEPING_LOCKS]
    lines.append(f"contended {_range(kernel, LOCK_WAIT)[0]:x}")
    return "".join(line + "\n" for line in lines)


def _range(symbols: Symbols, name: str) -> tuple[int, int]:
    found = symbols.range_of(name)
    if found is None:
        raise ExoError(f"{name}: there is no such function any more; tools/exo/bench/smp/places.py has to name what replaces it")
    return found


def _line(kind: str, symbols: Symbols, name: str) -> str:
    start, end = _range(symbols, name)
    return f"{kind} {start:x} {end:x}"
