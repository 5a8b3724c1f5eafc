"""What a machine is to run, as an archive behind the image: what --copy adds (copies.py) and the files of /.exo/.

docs/run_protocol.md describes the files; userland/init reads and removes them.
"""

from __future__ import annotations

import os

from ..archive import cpio
from ..building import build

INIT = "/.exo/init"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STREAMS = ("stdin", "stdout", "stderr")
COPY_CHUNK = 16 << 20


class Copy:
    """One --copy HOST:GUEST; copies.py says what it means."""

    __slots__ = ("host", "guest")

    def __init__(self, text: str) -> None:
        host, colon, guest = text.rpartition(":")
        if not colon or not host:
            raise ValueError("it should be HOST:GUEST")
        if not guest.startswith("/"):
            raise ValueError("the path in the guest must begin with '/'")
        self.host = host
        self.guest = guest

    @classmethod
    def of(cls, host: str, guest: str) -> "Copy":
        """Paths as they are, colons included."""
        copy = cls.__new__(cls)
        copy.host, copy.guest = host, guest
        return copy


class Request:
    """The program to start: its words, environment, folder, and which of its streams are terminals, inside and outside. `settings`:
    lines of /.exo/settings."""

    def __init__(self, arguments: list[str], environment: dict[str, str], directory: str, terminals: list[bool],
                 outside: list[bool], window: tuple[int, int] | None, copies: list[Copy], settings: list[str] | None = None) -> None:
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.terminals = terminals
        self.outside = outside
        self.window = window
        self.copies = copies
        self.settings = settings or []

    def initramfs(self, image: str, check_size) -> int:
        """A descriptor of the whole initramfs: `image`, then this request. It lives in memory only.

        `check_size` is told the size before anything is read, and raises what it has against it.
        """
        plan = None
        size = os.stat(image).st_size
        if self.copies:
            from ..archive import copies
            plan = copies.Plan(self.copies, image)
            size += plan.size
        check_size(size)
        fd = os.memfd_create("exo-initramfs")
        with open(image, "rb") as base:
            size = os.fstat(base.fileno()).st_size
            offset = 0
            while offset < size:
                offset += os.sendfile(fd, base.fileno(), offset, min(size - offset, COPY_CHUNK))
        os.lseek(fd, 0, os.SEEK_END)
        with open(fd, "wb", closefd=False) as stream:
            stream.write(cpio.padding(size))
            writer = cpio.Writer(stream)
            if plan:
                plan.write(writer)
            self._add_request(writer)
            writer.finish()
        return fd

    def _add_request(self, writer: cpio.Writer) -> None:
        writer.add_directory(".exo", 0o700)
        with open(build.init_path(), "rb") as file:
            writer.add_file(".exo/init", file.read(), 0o700)
        variables = [f"{key}={value}" for key, value in self.environment.items()]
        writer.add_file(".exo/argv", _strings(self.arguments), 0o600)
        writer.add_file(".exo/environ", _strings(variables), 0o600)
        writer.add_file(".exo/cwd", os.fsencode(self.directory), 0o600)
        lines = [f"{name} {'tty' if is_tty else 'pipe'}" for name, is_tty in zip(STREAMS, self.terminals)]
        if self.window:
            lines.append(f"winsize {self.window[0]} {self.window[1]}")
        if self.settings:
            writer.add_file(".exo/settings", "".join(f"{line}\n" for line in self.settings).encode(), 0o600)
        writer.add_file(".exo/streams", "".join(f"{line}\n" for line in lines).encode(), 0o600)


def _strings(words: list[str]) -> bytes:
    return b"".join(os.fsencode(word) + b"\0" for word in words)
