"""What the tests need built: the second image of each preset, and the test machine's programs."""

from __future__ import annotations

import glob
import os
import stat
import subprocess
import sys

from machine import ROOT

sys.path.insert(0, os.path.join(ROOT, "tools"))

from exo.archive import cpio  # noqa: E402

# Where the presets are built. For work on the tests themselves, another place can be named: PREFIX-<preset>.
BUILD_PREFIX = os.environ.get("EXO_KERNEL_TEST_BUILD", os.path.join(ROOT, "build", ""))

PROGRAMS = os.path.join(ROOT, "tests", "kernel", "programs")
C_FLAGS = ("-std=gnu17", "-O1", "-static", "-fno-omit-frame-pointer", "-mno-red-zone", "-Wall", "-Wextra", "-Werror")


class BuildError(Exception):
    """What could not be built, with the compiler's words."""


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{what} failed:\n{done.stdout}")


class Built:
    """Paths of what was built; the rest goes into `folder`."""

    def __init__(self, folder: str, presets: tuple[str, ...]) -> None:
        self.folder = folder
        for preset in presets:
            _run(["cmake", "--build", self._build_folder(preset), "--target", "exo-os-tests.elf", "exo-os.elf"],
                 f"building exo-os-tests.elf ({preset})")
        self.empty_initramfs = self.archive("empty", lambda writer: writer.add_directory("."))
        _run(["musl-gcc", *C_FLAGS, "-o", self._init(), *sorted(glob.glob(os.path.join(PROGRAMS, "*.c")))],
             "building the test machine's programs")
        self.programs = self.archive("programs", self.add_programs)

    def add_programs(self, writer: cpio.Writer) -> None:
        """What the test machine needs: /init, which is all programs, and a console."""
        writer.add_directory("dev")
        writer.add("dev/console", stat.S_IFCHR | 0o600, device=os.makedev(5, 1))
        with open(self._init(), "rb") as file:
            writer.add_file("init", file.read(), 0o755)

    def _init(self) -> str:
        return os.path.join(self.folder, "init")

    @staticmethod
    def _build_folder(preset: str) -> str:
        return BUILD_PREFIX + preset

    def image(self, preset: str) -> str:
        return os.path.join(self._build_folder(preset), "exo-os.elf")

    def tests_image(self, preset: str) -> str:
        return os.path.join(self._build_folder(preset), "exo-os-tests.elf")

    def archive(self, name: str, fill) -> str:
        """A newc archive that `fill(writer)` fills; its path."""
        path = os.path.join(self.folder, name + ".cpio")
        with open(path, "wb") as file:
            writer = cpio.Writer(file)
            fill(writer)
            writer.finish()
        return path
