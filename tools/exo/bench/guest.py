"""The programs of benches/guest, benches/scale and benches/boot: one static binary each, and the image that has it as /init."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import stat

from .. import packages, paths, process
from ..archive import cpio
from ..building import fingerprint
from ..errors import ExoError

COMPILER = "musl-gcc"
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-static")
LIST = "--list"  # the suite answers with the names of its operations


class Program:
    """A static program, made of the C files of one folder below benches/. `headers`: files of others that these include."""

    def __init__(self, name: str, flags: tuple[str, ...] = (), headers: tuple[str, ...] = ()) -> None:
        self.name = name
        self.sources = paths.in_root("benches", name)
        self.path = paths.in_build("bench", name)
        self._flags = flags
        self._headers = [paths.in_root("benches", header) for header in headers]

    def build(self) -> str:
        """Compiles it when a source has changed. Errors: ExoError when there is no compiler or it fails."""
        made_from = fingerprint.of([self.sources, *self._headers, __file__])
        stamp = self.path + ".inputs"
        if os.path.exists(self.path) and fingerprint.matches(stamp, made_from):
            return self.path
        if packages.find_program(COMPILER) is None:
            raise ExoError(f"{COMPILER} is missing (Debian's package musl-tools); it makes the programs that are measured")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        temporary = f"{self.path}.{os.getpid()}"
        process.run([COMPILER, *FLAGS, *self._flags, *self.files(), "-o", temporary], f"compiling benches/{self.name}")
        os.replace(temporary, self.path)
        fingerprint.save(stamp, made_from)
        return self.path

    def files(self) -> list[str]:
        return sorted(glob.glob(os.path.join(self.sources, "*.c")) + glob.glob(os.path.join(self.sources, "*.S")))

    def digest(self) -> str:
        """Of the binary: what was measured is what has the same digest."""
        with open(self.build(), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:16]

    def image(self) -> bytes:
        """An initramfs with nothing but the program as /init and a console."""
        return self._archive(with_folders=True)

    def added_to(self, archive: str) -> bytes:
        """A larger initramfs with the program as /init: archives may follow each other."""
        with open(archive, "rb") as file:
            return file.read() + self._archive(with_folders=False)

    def _archive(self, with_folders: bool) -> bytes:
        with open(self.build(), "rb") as file:
            content = file.read()
        stream = io.BytesIO()
        writer = cpio.Writer(stream)
        if with_folders:
            self._add_folders(writer)
        writer.add_file("init", content, 0o755)
        writer.finish()
        return stream.getvalue()

    @staticmethod
    def _add_folders(writer: cpio.Writer) -> None:
        writer.add_directory(".")
        writer.add_directory("dev")
        writer.add("dev/console", stat.S_IFCHR | 0o600, device=os.makedev(5, 1))


SUITE = Program("guest")


def listing(program: Program) -> list[str]:
    """The lines with which the program tells what it measures."""
    status, text = process.capture([program.build(), LIST])
    lines = text.splitlines()
    if status != 0 or not lines:
        raise ExoError(f"{os.path.relpath(program.path, paths.ROOT)} {LIST} failed (status {status})")
    return lines


def operations() -> list[str]:
    """The names of all operations in the order in which they run."""
    return listing(SUITE)


def check_names(wanted: list[str], known: list[str] | None = None) -> None:
    """Errors: ExoError naming the operation that the suite (or `known`) does not have, and what is like it."""
    known = known or operations()
    for name in wanted:
        if name not in known:
            import difflib
            close = difflib.get_close_matches(name, known, 3) or [other for other in known if name in other][:3]
            hint = f"did you mean {' or '.join(close)}?" if close else "docs/performance.md lists them"
            raise ExoError(f"no operation is called {name}; {hint}")
