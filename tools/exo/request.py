"""What a machine is to run, as an archive behind the image: the files of /.exo/ and what --copy adds.

docs/run_protocol.md describes the files; userland/init reads and removes them.
"""

from __future__ import annotations

import os
import stat

from . import build, cpio, rootfs
from .errors import ExoError

INIT = "/.exo/init"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STREAMS = ("stdin", "stdout", "stderr")
COPY_CHUNK = 16 << 20


class Copy:
    """One --copy HOST:GUEST. A guest path that ends in a slash is a folder to put the file into."""

    __slots__ = ("host", "guest")

    def __init__(self, text: str) -> None:
        host, colon, guest = text.rpartition(":")
        if not colon or not host:
            raise ValueError("it should be HOST:GUEST")
        if not guest.startswith("/"):
            raise ValueError("the path in the guest must begin with '/'")
        if guest.endswith("/"):
            guest += os.path.basename(os.path.abspath(host))
        self.host = host
        self.guest = os.path.normpath(guest).lstrip("/")


class Request:
    """The program to start: its words, environment, folder, and which of its streams are terminals."""

    def __init__(self, arguments: list[str], environment: dict[str, str], directory: str, terminals: list[bool],
                 window: tuple[int, int] | None, copies: list[Copy]) -> None:
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.terminals = terminals
        self.window = window
        self.copies = copies

    def initramfs(self, image: str) -> int:
        """A descriptor of the whole initramfs: `image`, then this request. It lives in memory only."""
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
            self._add_copies(writer, image)
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
        writer.add_file(".exo/streams", "".join(f"{line}\n" for line in lines).encode(), 0o600)

    def _add_copies(self, writer: cpio.Writer, image: str) -> None:
        if not self.copies:
            return
        folders = rootfs.folders_of(image)
        for copy in self.copies:
            try:
                status = os.stat(copy.host)
                _add_parents(writer, copy.guest, folders)
                if stat.S_ISDIR(status.st_mode):
                    if copy.guest and copy.guest not in folders:
                        writer.add_directory(copy.guest, stat.S_IMODE(status.st_mode), mtime=int(status.st_mtime))
                        folders.add(copy.guest)
                    rootfs.add_tree(writer, copy.host, copy.guest, owner=(0, 0))
                else:
                    writer.add_path(copy.guest, copy.host, status, uid=0, gid=0)
            except OSError as error:
                raise ExoError(f"--copy: {error.filename or copy.host}: {error.strerror}") from None


def _add_parents(writer: cpio.Writer, name: str, folders: set[str]) -> None:
    parent = os.path.dirname(name)
    if parent and parent not in folders:
        _add_parents(writer, parent, folders)
        writer.add_directory(parent)
        folders.add(parent)


def _strings(words: list[str]) -> bytes:
    return b"".join(os.fsencode(word) + b"\0" for word in words)
