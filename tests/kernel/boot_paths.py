"""Other loaders (GRUB through Multiboot2, under BIOS and UEFI), and hand-overs that something is wrong with.

What cannot work must end in one line that says why, and in the exit status of a panic: no triple fault, no silence.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import subprocess

import machine
from build import Built
from protocol import Outcome, Transcript

COMMAND_LINE = "console=ttyS0 kernel_test=list"
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
UEFI_MEMORY_MIB = 256

GRUB_MENU = """serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
menuentry "Exo-OS" {{
    multiboot2 /boot/exo-os.elf {command_line}
    module2 /boot/initramfs.cpio
}}
"""


class Place:
    """One build on one machine: where these tests run."""

    def __init__(self, built: Built, preset: str, where: str) -> None:
        self.built = built
        self.preset = preset
        self.where = where
        self.kernel = built.image(preset)

    def __str__(self) -> str:
        return f"{self.preset}/{self.where}"

    def boot(self, initramfs: str, command_line: str = COMMAND_LINE, **options) -> machine.Run:
        return machine.boot_kernel(self.kernel, self.where, command_line, initramfs, **options)

    def write(self, name: str, content: bytes) -> str:
        path = os.path.join(self.built.folder, f"{self.preset}-{self.where}-{name}")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def programs(self) -> bytes:
        with open(self.built.programs, "rb") as file:
            return file.read()


def _lines_with(run: machine.Run, text: str) -> int:
    return sum(text in line for line in run.lines)


def _judge(place: Place, name: str, run: machine.Run, status: int, *texts: str) -> Outcome:
    """Passed if QEMU ended with `status` and each text is in exactly one line."""
    problems = []
    if run.status != status:
        problems.append(f"  {run.end} instead of {status}")
    for text in texts:
        if (count := _lines_with(run, text)) != 1:
            problems.append(f"  {count} lines instead of one with '{text}'")
    return Outcome(str(place), name, "\n".join([*problems, run.tail()]) if problems else "")


def _judge_start(place: Place, name: str, run: machine.Run, *texts: str) -> Outcome:
    """Passed if init came up, did its work and switched the machine off."""
    if not Transcript(run).is_done:
        return Outcome(str(place), name, f"  init did not run; {run.end}\n{run.tail()}")
    return _judge(place, name, run, machine.EXIT_NORMAL, "reboot: Power down", *texts)


# ---- Malformed hand-overs.

def gzip_initramfs(place: Place, name: str) -> Outcome:
    """Behind a plain archive, as distributions put processor microcode."""
    early = place.built.archive(f"{place.preset}-{place.where}-early", lambda writer: writer.add_file("early", b"1"))
    with open(early, "rb") as file:
        image = file.read() + gzip.compress(place.programs())
    return _judge_start(place, name, place.boot(place.write("programs.cpio.gz", image)))


def damaged_gzip_initramfs(place: Place, name: str) -> Outcome:
    image = bytearray(gzip.compress(place.programs()))
    image[10] = 0xff  # a block of the type that is reserved (RFC 1951, 3.2.3)
    run = place.boot(place.write("damaged.cpio.gz", bytes(image)), COMMAND_LINE + " rdinit=/nowhere")
    return _judge(place, name, run, machine.EXIT_PANIC, "initramfs: the gzip data is damaged (byte ",
                  "kernel panic: no init found: the gzip data is damaged (byte ")


def xz_initramfs(place: Place, name: str) -> Outcome:
    run = place.boot(place.write("programs.cpio.xz", lzma.compress(place.programs())))
    return _judge(place, name, run, machine.EXIT_PANIC,
                  "initramfs: xz is not supported; compress the archive with gzip, or not at all (byte 0)",
                  "kernel panic: no init found: xz is not supported")


def truncated_initramfs(place: Place, name: str) -> Outcome:
    """It says where it ends, also in the panic's line."""
    def fill(writer) -> None:
        writer.add_file("filler", bytes(100000))
        place.built.add_programs(writer)

    with open(place.built.archive(f"{place.preset}-{place.where}-filled", fill), "rb") as file:
        run = place.boot(place.write("truncated.cpio", file.read(70000)))
    return _judge(place, name, run, machine.EXIT_PANIC,
                  "initramfs: the archive is cut off (byte 70000, in filler)",
                  "kernel panic: no init found: the archive is cut off (byte 70000, in filler)")


def initramfs_that_is_none(place: Place, name: str) -> Outcome:
    run = place.boot(place.write("text.cpio", b"This is no archive.\n" * 100))
    return _judge(place, name, run, machine.EXIT_PANIC, "initramfs: this is no cpio archive",
                  "kernel panic: no init found")


def empty_initramfs(place: Place, name: str) -> Outcome:
    run = place.boot(place.built.empty_initramfs)
    return _judge(place, name, run, machine.EXIT_PANIC, "kernel panic: no init found")


def _initramfs_over_the_kernel(place: Place, name: str, start_mib: float) -> Outcome:
    """QEMU puts the archive at memory's end, whatever is there: here, the image."""
    memory = 24
    archive = place.write(f"over-{start_mib}.cpio", b"\xff" * int((memory - start_mib) * 1024 * 1024))
    run = place.boot(archive, memory=memory)
    os.unlink(archive)
    return _judge(place, name, run, machine.EXIT_PANIC, "the machine has too little memory for it")


def initramfs_over_the_text(place: Place, name: str) -> Outcome:
    return _initramfs_over_the_kernel(place, name, 2.5)


def initramfs_over_the_data(place: Place, name: str) -> Outcome:
    return _initramfs_over_the_kernel(place, name, 6.1)


def initramfs_in_the_last_memory(place: Place, name: str) -> Outcome:
    """Just beside the kernel: it boots."""
    filler = 11 * 1024 * 1024

    def fill(writer) -> None:
        place.built.add_programs(writer)
        writer.add_file("filler", bytes(filler))

    archive = place.built.archive(f"{place.preset}-{place.where}-large", fill)
    run = place.boot(archive, memory=24)
    os.unlink(archive)
    return _judge_start(place, name, run)


def long_command_line(place: Place, name: str) -> Outcome:
    """4096 bytes are kept; what is beyond is cut between two words, and said. On q35 QEMU has room for 4096 bytes and puts
    a longer line over its own tables: then the kernel can only say that they make no sense."""
    fits = COMMAND_LINE + " word" * ((4096 - len(COMMAND_LINE)) // 5)
    outcome = _judge_start(place, name, place.boot(place.built.programs, fits))
    if outcome.problem:
        return outcome
    run = place.boot(place.built.programs, fits + " word" * 1000 + " rdinit=/nowhere")
    if place.where == "q35":
        return _judge(place, name, run, machine.EXIT_PANIC, "boot: the loader's information cannot be used")
    return _judge_start(place, name, run, "the command line is longer than 4096 bytes")


def another_clock(place: Place, name: str) -> Outcome:
    """clocksource= as Linux has it. microvm has neither an HPET nor ACPI: it says so and goes on."""
    run = place.boot(place.built.programs, COMMAND_LINE + " debug clocksource=hpet")
    expected = "clock: hpet, the cycle counter" if place.where == "q35" else "clocksource=hpet: there is no such clock"
    return _judge_start(place, name, run, expected)


# ---- After a panic, on a machine that has no isa-debug-exit.

def _panic(place: Place, name: str, words: str, *texts: str) -> Outcome:
    """QEMU ends a machine that restarts with status 0."""
    run = place.boot(place.built.empty_initramfs, f"console=ttyS0 quiet {words}", has_exit_device=False)
    return _judge(place, name, run, 0, "kernel panic: no init found", *texts)


def panic_restarts_at_once(place: Place, name: str) -> Outcome:
    return _panic(place, name, "panic=-1 panic=soon", "panic=soon: this is no number of seconds")


def panic_restarts_later(place: Place, name: str) -> Outcome:
    return _panic(place, name, "panic=-1 panic=0x1", "Rebooting in 1 seconds..")


# ---- GRUB.

def _make_image(place: Place) -> str:
    folder = os.path.join(place.built.folder, f"{place.preset}-grub")
    os.makedirs(os.path.join(folder, "boot", "grub"))
    shutil.copy(place.kernel, os.path.join(folder, "boot", "exo-os.elf"))
    shutil.copy(place.built.programs, os.path.join(folder, "boot", "initramfs.cpio"))
    with open(os.path.join(folder, "boot", "grub", "grub.cfg"), "w", encoding="utf-8") as menu:
        menu.write(GRUB_MENU.format(command_line=COMMAND_LINE))
    image = folder + ".iso"
    done = subprocess.run(["grub-mkrescue", "-o", image, folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"grub-mkrescue failed:\n{done.stdout}")
    return image


def grub(place: Place, image: str, name: str) -> Outcome:
    # Firmware and GRUB wait by the host's clock.
    return _judge_start(place, name, machine.boot(place.where, ["-cdrom", image], clock=()))


def grub_under_uefi(place: Place, image: str, name: str) -> Outcome:
    variables = place.write("variables.fd", b"")
    shutil.copy(FIRMWARE_VARIABLES, variables)
    run = machine.boot(place.where, ["-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}",
                                     "-drive", f"if=pflash,format=raw,file={variables}", "-cdrom", image],
                       memory=UEFI_MEMORY_MIB, clock=())
    return _judge_start(place, name, run)


HAND_OVERS = (gzip_initramfs, damaged_gzip_initramfs, xz_initramfs, truncated_initramfs, initramfs_that_is_none, empty_initramfs,
              initramfs_over_the_text, initramfs_over_the_data, initramfs_in_the_last_memory, long_command_line,
              another_clock, panic_restarts_at_once, panic_restarts_later)
LOADERS = (grub_under_uefi, grub)


def add(suite, built: Built, preset: str, where: str) -> None:
    place = Place(built, preset, where)
    loaders = [test for test in LOADERS if where == "q35" and suite.wants(str(place), test.__name__)]
    if loaders:
        image = _make_image(place)
        for test in loaders:
            suite.add(test, place, image, test.__name__)
    for test in HAND_OVERS:
        if suite.wants(str(place), test.__name__):
            suite.add(test, place, test.__name__)
