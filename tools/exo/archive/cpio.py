"""The `newc` cpio format, the only one that an initramfs has.

Source: cpio(5), "New ASCII Format", and Linux's Documentation/driver-api/early-userspace/buffer-format.rst: each
entry is a header of hexadecimal text, the name, and the data, each padded with zeros to a multiple of four;
archives may follow each other, and a later entry replaces an earlier one of the same name.
"""

from __future__ import annotations

import os
import stat
import struct

from ..errors import ExoError

MAGICS = (b"070701", b"070702")
HEADER_SIZE = 110
TRAILER = b"TRAILER!!!"
MAX_FILE_SIZE = 0xFFFFFFFF
COPY_CHUNK = 1 << 20

# What a compressed archive begins with, to name it in the message.
COMPRESSIONS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"),
                (b"\x02\x21\x4c\x18", "lz4"), (b"\x04\x22\x4d\x18", "lz4"), (b"\x89LZO", "lzo"), (b"\x5d\x00\x00", "lzma"))


# What init carries out of what a header has no place for (docs/run_protocol.md).
ATTRIBUTES = ".exo/attributes"


def _string(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text + b"\0"


def padding(size: int) -> bytes:
    return bytes(-size % 4)


class Writer:
    """Writes one archive to a binary stream. Names have no leading slash; folders come before what is in them."""

    def __init__(self, stream) -> None:
        self._stream = stream
        self._next_inode = 1
        self._attributes = bytearray()
        self._offset = 0

    def add(self, name: str, mode: int, data: bytes = b"", *, uid: int = 0, gid: int = 0, mtime: int = 0,
            device: int = 0) -> None:
        """Adds an entry whose content is at hand: a file, a folder, a link's target, or a device node."""
        self._header(name, mode, len(data), uid, gid, mtime, device, 1, self._inode())
        self._write(data)
        self._write(padding(len(data)))

    def add_directory(self, name: str, mode: int = 0o755, *, mtime: int = 0) -> None:
        self.add(name, stat.S_IFDIR | mode, mtime=mtime)

    def add_file(self, name: str, data: bytes, mode: int = 0o644, *, mtime: int = 0) -> None:
        self.add(name, stat.S_IFREG | mode, data, mtime=mtime)

    def add_symlink(self, name: str, target: str, *, mtime: int = 0) -> None:
        self.add(name, stat.S_IFLNK | 0o777, os.fsencode(target), mtime=mtime)

    def add_path(self, name: str, path: str, status: os.stat_result, *, uid: int, gid: int,
                 links: "HardLinks | None" = None) -> None:
        """Adds a file of any kind from the host. Sockets are left out: they mean nothing elsewhere."""
        mtime = max(int(status.st_mtime), 0)
        if stat.S_ISREG(status.st_mode):
            inode, count, is_last = links.number(status, self._inode) if links else (self._inode(), 1, True)
            self._add_content(name, path, status, uid, gid, mtime, inode, count, is_last)
        elif stat.S_ISLNK(status.st_mode):
            self.add(name, status.st_mode, os.fsencode(os.readlink(path)), uid=uid, gid=gid, mtime=mtime)
        elif not stat.S_ISSOCK(status.st_mode):
            self.add(name, status.st_mode, uid=uid, gid=gid, mtime=mtime, device=status.st_rdev)

    def add_attributes(self, name: str, seconds: int, nanoseconds: int, attributes: dict[str, bytes]) -> None:
        """Notes what the format has no place for: extended attributes, and the nanoseconds of the time of modification."""
        if not attributes and not nanoseconds:
            return
        path = os.fsencode("/" + ("" if name == "." else name))
        self._attributes += _string(path) + struct.pack("<III", seconds & 0xFFFFFFFF, nanoseconds, len(attributes))
        for key, value in sorted(attributes.items()):
            self._attributes += _string(os.fsencode(key)) + _string(value)

    def finish(self) -> None:
        if self._attributes:
            self.add_directory(os.path.dirname(ATTRIBUTES), 0o700)
            self.add_file(ATTRIBUTES, bytes(self._attributes), 0o600)
        self._header(TRAILER.decode(), 0, 0, 0, 0, 0, 0, 1, 0)
        self._write(bytes(-self._offset % 512))

    def _add_content(self, name: str, path: str, status: os.stat_result, uid: int, gid: int, mtime: int,
                     inode: int, count: int, is_last: bool) -> None:
        # Of several names of one file only the last carries the data, as GNU cpio writes it.
        if not is_last:
            self._header(name, status.st_mode, 0, uid, gid, mtime, 0, count, inode)
            return
        with open(path, "rb") as file:
            self.add_stream(name, status.st_mode, status.st_size, file, uid=uid, gid=gid, mtime=mtime, inode=inode,
                            links=count, source=path)

    def add_stream(self, name: str, mode: int, size: int, stream, *, uid: int, gid: int, mtime: int, inode: int,
                   links: int, source: str) -> None:
        """Adds a file of `size` bytes that `stream` gives; `source` names it in messages."""
        if size > MAX_FILE_SIZE:
            raise ExoError(f"{source}: larger than the 4 GiB that a cpio archive can hold")
        self._header(name, mode, size, uid, gid, mtime, 0, links, inode)
        left = size
        while left > 0:
            chunk = stream.read(min(left, COPY_CHUNK))
            if not chunk:
                raise ExoError(f"{source}: became shorter while it was read")
            self._write(chunk)
            left -= len(chunk)
        self._write(padding(size))

    def new_inode(self) -> int:
        return self._inode()

    def _inode(self) -> int:
        inode = self._next_inode
        self._next_inode += 1
        return inode

    def _header(self, name: str, mode: int, size: int, uid: int, gid: int, mtime: int, device: int, links: int,
                inode: int) -> None:
        encoded = os.fsencode(name) + b"\0"
        fields = (inode, mode, uid, gid, links, mtime & 0xFFFFFFFF, size, 0, 0, os.major(device), os.minor(device),
                  len(encoded), 0)
        header = MAGICS[0] + b"".join(b"%08X" % field for field in fields) + encoded
        self._write(header + padding(len(header)))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._offset += len(data)


class HardLinks:
    """Gives the names of one file one number, and tells which of them is the last."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, int], int] = {}
        self._seen: dict[tuple[int, int], tuple[int, int]] = {}

    def expect(self, status: os.stat_result) -> None:
        """Counts a name before anything is written: only names inside the archive matter."""
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            key = (status.st_dev, status.st_ino)
            self._names[key] = self._names.get(key, 0) + 1

    def number(self, status: os.stat_result, new_inode) -> tuple[int, int, bool]:
        """The archive's inode number, the count of names, and whether this is the last of them."""
        key = (status.st_dev, status.st_ino)
        count = self._names.get(key, 1)
        if count == 1:
            return new_inode(), 1, True
        inode, seen = self._seen.get(key, (0, 0))
        inode = inode or new_inode()
        self._seen[key] = (inode, seen + 1)
        return inode, count, seen + 1 == count


class Entry:
    """One entry as read back."""

    __slots__ = ("name", "mode", "uid", "gid", "links", "mtime", "device", "inode", "data")

    def __init__(self, name: str, fields: list[int], data: bytes) -> None:
        self.name = name
        self.inode, self.mode, self.uid, self.gid, self.links, self.mtime = fields[:6]
        self.device = (fields[9], fields[10])
        self.data = data


# Which entries read() gives with their data: all, or those whose data is a link's target.
ALL, LINKS = "all", "links"


def skip_zeros(archive, offset: int) -> int:
    while offset < len(archive) and archive[offset] == 0:
        piece = bytes(archive[offset:offset + COPY_CHUNK])
        offset += len(piece) - len(piece.lstrip(b"\0"))
    return offset


def _walk(archive, offset: int, path: str):
    """Yields where each entry's data starts, its name and numbers; then, with no name, where the archives end: at the end,
    or where neither zeros nor a header follow.

    Errors: ExoError naming the offset of what is malformed, or where a cut archive ends.
    """
    end = len(archive)
    while (offset := skip_zeros(archive, offset)) < end:
        header = bytes(archive[offset:offset + HEADER_SIZE])
        if header[:6] not in MAGICS and not any(magic.startswith(header) for magic in MAGICS):
            break
        if len(header) < HEADER_SIZE:
            raise ExoError(f"{path}: cut off: it ends at byte {end}, in the middle of a header")
        try:
            fields = [int(header[at:at + 8], 16) for at in range(6, HEADER_SIZE, 8)]
        except ValueError:
            raise ExoError(f"{path}: malformed cpio header at offset {offset}") from None
        size, name_size = fields[6], fields[11]
        name = bytes(archive[offset + HEADER_SIZE:offset + HEADER_SIZE + name_size]).partition(b"\0")[0]
        # The padding behind the last entry may be missing.
        data_start = offset + HEADER_SIZE + name_size + -(HEADER_SIZE + name_size) % 4
        if offset + HEADER_SIZE + name_size > end or data_start + size > max(end, data_start):
            raise ExoError(f"{path}: cut off: it ends at byte {end}, in {os.fsdecode(name)}")
        offset = min(data_start + size + -size % 4, end)
        yield data_start, name, fields
    yield offset, None, []


def read(archive, path: str = "archive", with_data: str = ALL):
    """Yields the entries of one or several concatenated archives in a bytes-like object.

    Errors: ExoError naming the offset of what is malformed or cut off.
    """
    for start, name, fields in _walk(archive, 0, path):
        if name is None:
            if start < len(archive):
                raise ExoError(f"{path}: no cpio header at offset {start}")
        elif name != TRAILER:
            is_wanted = with_data == ALL or stat.S_ISLNK(fields[1])
            yield Entry(os.fsdecode(name), fields, bytes(archive[start:start + fields[6]]) if is_wanted else b"")


def find(archive, names: set[str], path: str):
    """Yields the name and the data of the files of these names, without a leading slash. Errors: as those of read."""
    for start, name, fields in _walk(archive, 0, path):
        if name is not None and stat.S_ISREG(fields[1]) and (plain := os.fsdecode(name).removeprefix("./").lstrip("/")) in names:
            yield plain, bytes(archive[start:start + fields[6]])


def end_of(archive, offset: int, path: str) -> int:
    """Where the archives that begin at `offset` end, zeros behind them included. Errors: as those of read."""
    start = offset
    for start, _, _ in _walk(archive, offset, path):
        pass
    return start


def compression_of(start: bytes) -> str | None:
    return next((name for magic, name in COMPRESSIONS if start.startswith(magic)), None)
