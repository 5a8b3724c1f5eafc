"""What --copy adds to the root file system, with the rules of `cp -r` (imported only where something is copied).

A target that is a folder of the image receives the file or folder below its own name; `DIR/.` means what is in DIR.
Links in the image are followed. The plan is made first, so that sizes are known before anything is read.
"""

from __future__ import annotations

import os
import stat

from ..errors import ExoError
from . import cpio, rootfs

# init mounts file systems there, which hide what the archive brings; /.exo it removes.
HIDDEN = ("dev", "proc", "sys", ".exo")
MAX_LINKS = 40  # path_resolution(7)
PSEUDO_FILE_LIMIT = 16 << 20


class ImageTree:
    """The names of an archive: which are folders, and where links lead. Names have no leading slash; "" is the root."""

    def __init__(self, archive: str) -> None:
        self._modes: dict[str, int] = {"": stat.S_IFDIR}
        self._targets: dict[str, str] = {}
        for name, mode, target in rootfs.names_of(archive):
            self.add(name, mode, target)

    def add(self, name: str, mode: int, target: str = "") -> None:
        self._modes[name] = stat.S_IFMT(mode)
        if stat.S_ISLNK(mode):
            self._targets[name] = target

    def resolve(self, path: str) -> str:
        """The name that a path has when all its links are followed; what does not exist stays as it is written.

        Errors: ExoError (too many links).
        """
        done: list[str] = []
        left = path.split("/")[::-1]
        links = 0
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del done[-1:]
                continue
            done.append(part)
            target = self._targets.get("/".join(done))
            if target is None:
                continue
            links += 1
            if links > MAX_LINKS:
                raise ExoError(f"--copy: /{path.lstrip('/')}: Too many levels of symbolic links")
            done = [] if target.startswith("/") else done[:-1]
            left += target.split("/")[::-1]
        return "/".join(done)

    def exists(self, name: str) -> bool:
        return name in self._modes

    def is_folder(self, name: str) -> bool:
        return self._modes.get(name) == stat.S_IFDIR


class Plan:
    """The entries to add, folders before what is in them, and how many bytes they hold."""

    def __init__(self, copies, archive: str) -> None:
        self.size = 0
        self.tree = ImageTree(archive)
        self._links = cpio.HardLinks()
        self._counted: set[tuple[int, int]] = set()
        self._entries: list[tuple[str, str, os.stat_result | None]] = []
        for copy in copies:
            try:
                self._add_copy(copy.host, copy.guest)
            except OSError as error:
                raise ExoError(f"--copy: {error.filename or copy.host}: {error.strerror}") from None

    def write(self, writer: cpio.Writer) -> None:
        """Errors: ExoError naming a file that cannot be read."""
        for name, path, status in self._entries:
            try:
                if status is None:
                    writer.add_directory(name)
                elif stat.S_ISDIR(status.st_mode):
                    writer.add_directory(name, stat.S_IMODE(status.st_mode), mtime=max(int(status.st_mtime), 0))
                elif stat.S_ISFIFO(status.st_mode) or stat.S_ISREG(status.st_mode) and status.st_size == 0:
                    self._write_unsized(writer, name, path, status)
                else:
                    writer.add_path(name, path, status, uid=0, gid=0, links=self._links)
            except OSError as error:
                raise ExoError(f"--copy: {error.filename or path}: {error.strerror}") from None

    @staticmethod
    def _write_unsized(writer: cpio.Writer, name: str, path: str, status: os.stat_result) -> None:
        """An empty file, or one whose size is not known before it is read: a file of /proc, a pipe like <(command)."""
        with open(path, "rb") as file:
            data = file.read(PSEUDO_FILE_LIMIT + 1)
        if len(data) > PSEUDO_FILE_LIMIT:
            raise ExoError(f"--copy: {path}: more than {PSEUDO_FILE_LIMIT >> 20} MiB from a file that tells no size")
        writer.add_file(name, data, stat.S_IMODE(status.st_mode), mtime=max(int(status.st_mtime), 0))

    def _add_copy(self, host: str, guest: str) -> None:
        status = os.stat(host)
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
            raise ExoError(f"--copy: {host}: neither a file nor a folder")
        target = self.tree.resolve(guest)
        own_name = os.path.basename(host.rstrip("/"))
        if self.tree.is_folder(target):
            if own_name not in ("", ".", ".."):
                target = self.tree.resolve(f"{target}/{own_name}")
        elif guest.endswith("/") and not is_folder:
            target = self.tree.resolve(f"{target}/{own_name}")
        if not target and not is_folder:
            raise ExoError(f"--copy: {host}: there is no name to copy it to")
        self._refuse_hidden(target)
        self._add_parents(target)
        if is_folder:
            self._add_folder(host, target, status)
            self._add_tree(host, target)
        else:
            self._add_file(host, target, status)

    def _add_parents(self, name: str) -> None:
        parent = os.path.dirname(name)
        if self.tree.is_folder(parent):
            return
        if self.tree.exists(parent):
            raise ExoError(f"--copy: /{parent}: Not a directory")
        self._add_parents(parent)
        self._add(parent, "", None, stat.S_IFDIR)

    def _add_tree(self, folder: str, target: str) -> None:
        places = {"": target}  # where each folder of the host's tree goes: the image may have a link there
        for name, path, status in sorted(rootfs.walk(folder, "")):
            parent, base = os.path.split(name)
            place = f"{places[parent]}/{base}".lstrip("/")
            if stat.S_ISDIR(status.st_mode):
                places[name] = place = self.tree.resolve(place)
                if place not in HIDDEN:
                    self._refuse_hidden(place)
                self._add_folder(path, place, status)
            elif not stat.S_ISSOCK(status.st_mode):
                self._refuse_hidden(place)
                self._add_file(path, self.tree.resolve(place) if stat.S_ISREG(status.st_mode) else place, status)

    def _add_folder(self, path: str, name: str, status: os.stat_result) -> None:
        """A folder that the image has keeps its mode."""
        if self.tree.is_folder(name):
            return
        if self.tree.exists(name):
            raise ExoError(f"--copy: {path}: a folder cannot replace /{name}, which is none")
        self._add(name, path, status, status.st_mode)

    def _add_file(self, path: str, name: str, status: os.stat_result) -> None:
        if self.tree.is_folder(name):
            raise ExoError(f"--copy: {path}: /{name} is a folder")
        self._links.expect(status)
        key = (status.st_dev, status.st_ino)
        if stat.S_ISREG(status.st_mode) and not (status.st_nlink > 1 and key in self._counted):
            self._counted.add(key)
            self.size += status.st_size
        target = os.readlink(path) if stat.S_ISLNK(status.st_mode) else ""
        self._add(name, path, status, status.st_mode, target)

    def _add(self, name: str, path: str, status: os.stat_result | None, mode: int, target: str = "") -> None:
        self._entries.append((name, path, status))
        self.tree.add(name, mode, target)

    @staticmethod
    def _refuse_hidden(name: str) -> None:
        top = name.partition("/")[0]
        if top in HIDDEN:
            why = "belongs to exo" if top == ".exo" else f"would be hidden: the machine mounts its own /{top}"
            raise ExoError(f"--copy: /{name} {why}")
