"""One machine of the census: a root, a runner as its first process, and what the runner says of each task."""

from __future__ import annotations

import base64
import binascii
import ctypes
import hashlib
import os
import select
import stat
import subprocess
import threading
import time

from ..archive import cpio
from ..errors import ExoError
from ..machine import counted_machine, qemu
from ..machine.report_frames import ReportFrames
from .catalog import FOLDER, Program

RUNNER = os.path.join(FOLDER, "runner.sh")
BOARD = "q35"
WORDS = "console=ttyS0 quiet panic=-1 rdinit=/census/runner"
MEBIBYTE = 1 << 20
ROOM = 1536  # MiB beside three times the root, which Linux has twice for a while
SILENCE_LIMIT = 900.0  # seconds of the host's time; a task of LIMIT seconds in the machine takes less
PIECE = 16 << 20
FILES = b"\n@@FILES\n"
STOPPED = "the machine was stopped"


_LIBC = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """In the child: QEMU ends when the thread that started it does, however that happens (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(qemu.PR_SET_PDEATHSIG, qemu.SIGKILL, 0, 0, 0)


class Conditions:
    """What differs between two runs on Linux, so that what depends on it is seen: the date, the random numbers, the numbers of
    processes, and how long an instruction takes."""

    def __init__(self, date: str, seed: int, used: int, shift: int) -> None:
        self.date = date
        self.seed = seed
        self.used = used
        self.shift = shift

    def clock(self) -> tuple[str, ...]:
        return ("-icount", f"shift={self.shift},sleep=off", "-rtc", f"base={self.date},clock=vm")

    def __str__(self) -> str:
        return f"{self.date} {self.seed} {self.used} {self.shift}"


FIRST = Conditions("2024-01-01T00:00:00", 1, 0, 2)
SECOND = Conditions("2024-02-12T13:37:41", 2, 150, 3)


class Outcome:
    """How a task ended. `status`: its exit status, or a sentence where it had none; `files`: a line for each that it left."""

    def __init__(self, status: str, output: str, files: list[str], log: str = "") -> None:
        self.status = status
        self.output = output
        self.files = files
        self.log = log

    def as_json(self) -> dict:
        return {"status": self.status, "output": self.output, "files": self.files}

    @staticmethod
    def of_json(value: dict) -> "Outcome":
        return Outcome(value["status"], value["output"], by_name(value["files"]))


def files_of(report: bytes) -> list[str]:
    """The lines of the runner, one for each file: kind, mode, size, digest (- for what has none), name."""
    lines = report.decode("utf-8", "backslashreplace").split("\n")
    digests = {}
    for line in lines:
        digest, _, name = line.partition("  ")
        if len(digest.lstrip("\\")) == 64:
            digests[name] = digest.lstrip("\\")
    result = []
    for line in lines:
        words = line.split(" ", 3)
        if words[0] == "l" and " -> " in line:
            result.append(f"l - - - {line[2:]}")
        elif len(words) == 4 and len(words[0]) == 1:
            kind, mode, size, name = words
            result.append(f"{kind} {mode} {size} {digests.get(name, '-')} {name}")
    return by_name(result)


def by_name(lines: list[str]) -> list[str]:
    return sorted(lines, key=lambda line: line.split(" ", 4)[4])


class Frames(ReportFrames):
    """Calls `on_outcome(name, outcome)` for each task that ends."""

    def __init__(self, on_outcome) -> None:
        super().__init__()
        self._on_outcome = on_outcome

    def end(self, rest: str) -> None:
        name, words = self.running, rest.split()
        if name is None:
            return
        try:
            report = b"".join(base64.b64decode(line, validate=True) for line in self.data)
        except binascii.Error:
            report = b""
        if len(words) != 3 or words[0] != name or hashlib.sha256(report).hexdigest() != words[2]:
            self._on_outcome(name, Outcome("its report did not arrive whole", "", [], self.log_tail()))
            return
        output, _, files = report.rpartition(FILES)
        status = "its time was over" if words[1] == "124" else words[1]
        self._on_outcome(name, Outcome(status, output.decode("utf-8", "backslashreplace"), files_of(files), self.log_tail()))


class Machines:
    """Starts machines, any number at a time, until stop() is called. `silence`: after how many seconds of the host's time without a word
    a machine hangs."""

    def __init__(self, silence: float = SILENCE_LIMIT) -> None:
        self._is_stopped = threading.Event()
        self._silence = silence

    def stop(self) -> None:
        self._is_stopped.set()

    def run(self, kernel: str, archive: str, programs: list[Program], conditions: Conditions, on_outcome) -> None:
        """Boots as often as it takes to have an outcome of each task. One that ends the machine is done a second time, alone."""
        waiting, alone = list(programs), []

        def note(name: str, outcome: Outcome) -> None:
            waiting[:] = [program for program in waiting if program.name != name]
            on_outcome(name, outcome)

        while waiting and not self._is_stopped.is_set():
            frames = Frames(note)
            end = self._boot(kernel, archive, waiting, conditions, frames)
            if frames.is_done or not waiting:
                continue
            culprit = next((program for program in waiting if program.name == frames.running), waiting[0])
            if culprit.name in alone or len(programs) == 1:
                note(culprit.name, Outcome(end, "", [], frames.log_tail()))
            else:
                alone.append(culprit.name)
                waiting.remove(culprit)
                self.run(kernel, archive, [culprit], conditions, on_outcome)

    def _boot(self, kernel: str, archive: str, programs: list[Program], conditions: Conditions, frames: Frames) -> str:
        """Until all tasks are done or the machine ends or falls silent; says how it ended."""
        initramfs = _initramfs(archive, programs, conditions)
        try:
            memory = 3 * os.fstat(initramfs).st_size // MEBIBYTE + ROOM
            command = [*counted_machine.command(BOARD, memory, clock=conditions.clock(), seed=conditions.seed), "-kernel", kernel,
                       "-initrd", f"/proc/self/fd/{initramfs}", "-append", WORDS]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       pass_fds=(initramfs,), start_new_session=True, preexec_fn=_die_with_parent)
        except OSError as error:
            raise ExoError(f"QEMU cannot be started: {error.strerror}") from None
        finally:
            os.close(initramfs)
        try:
            return self._listen(process, frames)
        finally:
            process.kill()
            process.wait()

    def _listen(self, process: subprocess.Popen, frames: Frames) -> str:
        assert process.stdout is not None
        rest, heard = b"", time.monotonic()
        while not frames.is_done and not self._is_stopped.is_set():
            if not select.select([process.stdout], [], [], 1)[0]:
                if time.monotonic() - heard > self._silence:
                    return f"the machine hangs: {self._silence:.0f} s without a word"
                continue
            heard = time.monotonic()
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return "the machine ended"
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                frames.take(line.rstrip(b"\r").decode("utf-8", "replace"))
        return STOPPED


def _initramfs(archive: str, programs: list[Program], conditions: Conditions) -> int:
    """A file without a name: the root, and behind it the runner and the tasks."""
    fd = os.memfd_create("exo-census")
    with open(archive, "rb") as base, open(fd, "wb", closefd=False) as stream:
        size = os.fstat(base.fileno()).st_size
        offset = 0
        while offset < size:
            offset += os.sendfile(fd, base.fileno(), offset, min(size - offset, PIECE))
        stream.write(cpio.padding(size))
        writer = cpio.Writer(stream)
        writer.add_directory("dev")
        writer.add("dev/console", stat.S_IFCHR | 0o600, device=os.makedev(5, 1))
        writer.add_directory("census")
        writer.add_directory("census/tasks")
        with open(RUNNER, "rb") as file:
            writer.add_file("census/runner", file.read(), 0o755)
        writer.add_file("census/used", f"{conditions.used}\n".encode())
        writer.add_file("census/list", "".join(f"{program.name} {program.limit}\n" for program in programs).encode())
        for program in programs:
            writer.add_file(f"census/tasks/{program.name}", program.text.encode(), 0o755)
        writer.finish()
    return fd
