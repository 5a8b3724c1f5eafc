"""Boots a kernel with a batch of sequences and collects what the guest tells of each."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import re
import select
import stat
import struct
import subprocess
import tempfile

from campaign.machines import ending, frames
from campaign.sequences.sequence import Sequence, encode_sequence

from exo import packages, paths
from exo.archive import cpio
from exo.machine import counted_machine, debian_kernel, qmp
from exo.machine.race_reports import RaceReports
from exo.coverage.counters import Collector

GUEST = paths.in_root("tools", "campaign", "guest")
BUILD = paths.in_build("cross")
EXECUTOR = os.path.join(BUILD, "executor")
BUSYBOX = paths.in_build("busybox", "bin", "busybox")
COMPILER = ("musl-gcc", "-static", "-no-pie", "-fno-pie", "-O1", "-g", "-std=gnu17", "-Wall", "-Wextra", "-Werror")
FOLDERS = ("bin", "dev", "proc", "tmp", "box")
COMMAND_LINE = "console=ttyS0 quiet panic=-1 norandmaps"
MEMORY_MIB = 256
SILENCE_LIMIT = 120.0  # seconds of the host's time
LAST_WORDS = 4000
WATCHDOG = b"watchdog: "
LATE = b"@@LATE: "
# Ours, and Linux's. The call chain of a data race may name functions of the panic.
PANIC = re.compile(rb"[Kk]ernel panic")


class BuildError(Exception):
    """The executor does not compile. Its text is the compiler's."""


class Kernel:
    """One of the two: what to boot, and its name. `collector` gets what a kernel of the preset `coverage` counted."""

    def __init__(self, name: str, path: str, machine: str, collector: Collector | None = None) -> None:
        self.name = name
        self.path = path
        self.machine = machine
        self.collector = collector
        self.parameters = COMMAND_LINE
        self.cpus = 1
        # The executor moves tasks between so many CPUs. It makes the same calls on a kernel that has fewer CPUs.
        self.spread_over = 1

    def command(self, initramfs: str, control: str, terminal: str) -> list[str]:
        """`terminal`: where what the second serial port sends is kept."""
        return [*counted_machine.command(self.machine, MEMORY_MIB, cpu=counted_machine.CPU_WITHOUT_BYTE_COPIES,
                                         end=tuple(qmp.options(control)), cpus=self.cpus),
                "-chardev", f"file,id=terminal,path={terminal}", "-serial", "chardev:terminal",
                "-kernel", self.path, "-initrd", initramfs, "-append", self.parameters]


def linux() -> Kernel:
    return Kernel("Linux", debian_kernel.ensure().path, "q35")


def image_path(preset: str) -> str:
    return paths.in_build(preset, "exo-os.elf")


def exo(preset: str) -> Kernel:
    return exo_image(image_path(preset))


def exo_image(path: str, collector: Collector | None = None) -> Kernel:
    return Kernel("Exo-OS", path, "q35", collector)


def build_executor() -> None:
    """Errors: BuildError."""
    sources = sorted(os.path.join(GUEST, name) for name in os.listdir(GUEST))
    stamp = hashlib.sha256(" ".join(COMPILER).encode())
    for path in sources:
        with open(path, "rb") as file:
            stamp.update(file.read())
    stamp_path = EXECUTOR + ".stamp"
    if os.path.exists(EXECUTOR) and os.path.exists(stamp_path):
        with open(stamp_path, encoding="ascii") as file:
            if file.read() == stamp.hexdigest():
                return
    os.makedirs(BUILD, exist_ok=True)
    run = subprocess.run([*COMPILER, "-o", EXECUTOR, *(path for path in sources if path.endswith(".c"))],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise BuildError(run.stderr)
    with open(stamp_path, "w", encoding="ascii") as file:
        file.write(stamp.hexdigest())


def image(batch: bytes) -> bytes:
    if not os.path.exists(BUSYBOX):
        packages.download("busybox-static", paths.in_build("busybox"), "bin/busybox")
    stream = io.BytesIO()
    writer = cpio.Writer(stream)
    writer.add_directory(".")
    for folder in FOLDERS:
        writer.add_directory(folder, 0o1777 if folder == "tmp" else 0o755)
    with open(EXECUTOR, "rb") as file:
        executor = file.read()
    writer.add_file("init", executor, 0o755)
    writer.add_file("exe", executor, 0o755)
    with open(BUSYBOX, "rb") as file:
        writer.add_file("bin/busybox", file.read(), 0o755)
    for name, major, minor in (("console", 5, 1), ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("urandom", 1, 9)):
        writer.add("dev/" + name, stat.S_IFCHR | 0o666, device=os.makedev(major, minor))
    writer.add_file("batch", batch)
    writer.finish()
    return stream.getvalue()


class Run:
    """What came of a batch: a payload for each sequence that was finished, and how the machine ended."""

    def __init__(self) -> None:
        self.payloads: dict[int, bytes] = {}
        self.is_complete = False
        self.is_alive = False  # a known program still runs at the end
        self.end = ""
        self.words = ""
        self.long_stays: list[str] = []  # what the kernel's preemption watchdog has reported, and late turns of the controller;
        # none with several CPUs, whose clock is the host's
        self.races = RaceReports()  # of a kernel of the preset `kcsan`
        self.progress: tuple[int, int] | None = None  # the sequence and the call that were made last


def encode_batch(sequences: list[Sequence], run_name: bytes, wants_counts: bool = False, stop_at: int | None = None,
                 spread_over: int = 1) -> bytes:
    """`stop_at`: before this call of the first sequence the actor passes `stop_here` (guest/actor.c)."""
    head = struct.pack("<4I", wants_counts, stop_at is not None, stop_at or 0, spread_over)
    return run_name + head + b"".join(encode_sequence(sequence, index) for index, sequence in enumerate(sequences))


def run(kernel: Kernel, sequences: list[Sequence], wants_counts: bool = False) -> Run:
    """Boots once, waits until all is done or nothing is said any more, and looks into the machine's memory.

    Errors: ending.Ending.
    """
    run_name = os.urandom(16)
    batch = encode_batch(sequences, run_name, wants_counts, spread_over=kernel.spread_over)
    with tempfile.TemporaryDirectory(prefix="exo-cross-") as folder:
        initramfs, control, terminal = (os.path.join(folder, name) for name in ("initramfs", "qmp", "terminal"))
        with open(initramfs, "wb") as file:
            file.write(image(batch))
        process = ending.start(kernel.command(initramfs, control, terminal), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
        try:
            result = _listen(process)
            if kernel.cpus > 1:
                result.long_stays.clear()
            if process.poll() is None:
                _read_memory(result, control, os.path.join(folder, "memory"), bytes(255 - byte for byte in run_name),
                             kernel.collector)
        finally:
            ending.stop(process)
        with open(terminal, "rb") as file:
            frames.add_terminal_output(result.payloads, file.read())
    return result


def _listen(process: subprocess.Popen) -> Run:
    result, words = Run(), b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], SILENCE_LIMIT)
        if not ready:
            result.end = f"the machine hangs: {SILENCE_LIMIT:.0f} s without a word"
            break
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            result.end = f"the machine ended: QEMU's exit status {process.wait()}"
            break
        note_reports(result, words, chunk)
        words = (words + chunk)[-LAST_WORDS:]
        if b"@@DONE" in words:
            result.is_complete, result.is_alive = True, b"@@ALIVE" in words
            break
        if PANIC.search(words):
            result.end = "the kernel panicked"
            words += _last_words(process)
            break
    result.words = words.replace(b".\r\n", b"").decode("utf-8", "replace")
    return result


def note_reports(result: Run, words: bytes, chunk: bytes) -> None:
    """Lines of the watchdog, of the controller about its turns, and of KCSAN that end in `chunk`; `words` came before."""
    unfinished = words[words.rfind(b"\n") + 1:]
    for line in (unfinished + chunk).split(b"\n")[:-1]:
        result.races.take(line.decode("utf-8", "replace"))
        for mark in (WATCHDOG, LATE):
            if mark in line:
                result.long_stays.append(line[line.index(mark):].decode("utf-8", "replace").strip())


def _last_words(process: subprocess.Popen) -> bytes:
    """The rest of a panic's report."""
    words = b""
    while select.select([process.stdout], [], [], 1.0)[0]:
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            break
        words += chunk
    return words


def _read_memory(result: Run, control: str, path: str, name: bytes, collector: Collector | None) -> None:
    with qmp.Monitor(control) as monitor:
        monitor.save_memory(0, MEMORY_MIB << 20, path)
    with open(path, "rb") as memory, mmap.mmap(memory.fileno(), 0, prot=mmap.PROT_READ) as view:
        result.payloads = frames.split(frames.find_stream(view, name))
        result.progress = frames.find_progress(view, name)
        if collector is not None:
            start = collector.image.physical_address
            collector.keep(view[start:start + collector.image.size])
