"""The phases of a boot: when the processor comes to each of the kernel's steps."""

from __future__ import annotations

import dataclasses
import os
import re
import statistics
import tempfile
import time

from ..archive import rootfs
from ..errors import ExoError
from ..machine import qemu
from . import guest, machine, plugin, symbols

FIRST_PROGRAM = guest.Program("boot", ("-nostdlib", "-ffreestanding"))
RESET = "firmware and loader"
ENTRY = "exo_pvh_entry_physical"
FIRST_INSTRUCTION = "first user instruction"
# What the kernel does from each of these functions on, to the next one. Some of them may have been inlined: then
# what they do belongs to the step before.
STEPS = (
    (ENTRY, "start-up code: page table, 64-bit mode"),
    ("exo_start", "processor's tables and features"),
    ("kernel_main", "loader's information, memory, heap"),
    ("drivers::discover_platform", "firmware's tables"),
    ("startup::start_memory", "frames, page table, heap"),
    ("memory::start", "frames, page table, heap"),
    ("scheduler::Scheduler::init", "scheduler"),
    ("drivers::start_interrupt_controllers", "interrupt controllers"),
    ("startup::start_clock", "calibration of the cycle counter"),
    ("startup::start_clock_of_day", "clock of day, interrupts on"),
    ("startup::start_file_systems", "root file system, unpacking the initramfs"),
    ("posix_x::start", "processes, /proc"),
    ("startup::start_devices", "devices, terminals"),
    ("posix_x::start_first_process", "first process"),
    ("scheduler::Scheduler::start", "first switch"),
    ("posix_x::first_thread", "console, executing init"),
    ("exo_enter_user", "to user mode"),
)


@dataclasses.dataclass(frozen=True)
class Phase:
    function: str
    what: str
    instructions: int
    milliseconds: float


@dataclasses.dataclass(frozen=True)
class Boot:
    """All from reset to the first instruction of the first program, which is the end of the last phase."""

    phases: list[Phase]
    by_counter: int  # what the program read as the time-stamp counter: with it the idle time, if there was any

    @property
    def kernel(self) -> int:
        """From the kernel's entry on."""
        return sum(phase.instructions for phase in self.phases[1:])


def places(kernel: str) -> dict[int, tuple[str, str]]:
    """The addresses to watch: function and what it begins. Errors: ExoError when the kernel has no entry of ours."""
    names = symbols.of_elf(kernel)
    found = {names.address_of(function): (function, what) for function, what in STEPS}
    start = symbols.of_elf(FIRST_PROGRAM.build()).address_of("_start")
    if names.address_of(ENTRY) is None or start is None:
        raise ExoError(f"{kernel}: no symbol {ENTRY}: not a kernel of Exo-OS, or stripped")
    found[start] = (FIRST_INSTRUCTION, "")
    return {address: place for address, place in found.items() if address is not None}


def measure(kernel: str, board: str, boots: int) -> Boot:
    """Counts in one boot and takes the medians of the times of `boots` others."""
    watched = places(kernel)
    image = FIRST_PROGRAM.added_to(rootfs.ensure(None))
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        out = os.path.join(folder, "counts")
        text = machine.boot(kernel, image, "", f"Exo-OS on {board}", plugin.arguments(out, watch=watched), board)
        counted = plugin.read_arrivals(out)
        timed = [_timed_boot(kernel, board, image, folder, watched) for _ in range(boots)]
    found = re.search(r"@@BOOT (\d+)", text)
    if found is None or not counted or watched[counted[-1].address][0] != FIRST_INSTRUCTION:
        raise ExoError(f"Exo-OS on {board} did not come to its first program{machine.last_words(text)}")
    return Boot(_phases(counted, timed, watched), int(found[1]))


def _phases(counted: list[plugin.Arrival], timed: list[dict[int, int]], watched: dict[int, tuple[str, str]]) -> list[Phase]:
    phases = []
    previous: plugin.Arrival | None = None
    for arrival in counted:
        function, what = ("", RESET) if previous is None else watched[previous.address]
        times = [boot[arrival.address] - (boot[previous.address] if previous else 0) for boot in timed]
        instructions = arrival.instructions - (previous.instructions if previous else 0)
        phases.append(Phase(function, what, instructions, statistics.median(times) / 1e6 if times else 0.0))
        previous = arrival
    return phases


def _timed_boot(kernel: str, board: str, image: bytes, folder: str, watched: dict[int, tuple[str, str]]) -> dict[int, int]:
    """In real time: the nanoseconds from the emulator's start to each place."""
    out = os.path.join(folder, "times")
    _until_first_words(kernel, board, image, folder, plugin.arguments(out, watch=watched, counts=False))
    return {arrival.address: arrival.nanoseconds for arrival in plugin.read_arrivals(out)}


def seconds_to_first_words(kernel: str, board: str, boots: int) -> list[float]:
    """In real time, from QEMU's start to what the first program says, without any instrument."""
    image = FIRST_PROGRAM.added_to(rootfs.ensure(None))
    with tempfile.TemporaryDirectory(prefix="exo-bench-") as folder:
        return [_until_first_words(kernel, board, image, folder, []) for _ in range(boots)]


def _until_first_words(kernel: str, board: str, image: bytes, folder: str, extra: list[str]) -> float:
    initramfs, what = os.path.join(folder, "initramfs"), f"Exo-OS on {board}"
    if not os.path.exists(initramfs):
        with open(initramfs, "wb") as file:
            file.write(image)
    reading, writing = os.pipe()
    serial = ["-add-fd", f"fd={writing},set=1", "-chardev", "file,id=log,path=/dev/fdset/1,append=on"]
    command = machine.command(kernel, initramfs, "chardev:log", "", [*serial, *extra], board, ())
    started = time.monotonic()
    emulator = qemu.Process(command, [writing])
    os.close(writing)
    try:
        said = machine.read_until(reading, b"@@BOOT", machine.SILENCE_LIMIT)
        seconds = time.monotonic() - started
        if b"@@BOOT" not in said:
            raise ExoError(f"{what} did not come to its first program{machine.last_words(emulator.messages() or said.decode(errors='replace'))}")
        return seconds
    finally:
        emulator.stop()
        os.close(reading)
