"""A file given with --rootfs: a newc archive, a compressed one, or a tar archive that may be compressed too.

The kernel reads plain newc archives (and gzip, which it would unpack at every start). Everything else is made into one
plain archive, which rootfs.py keeps. gzip, bzip2, xz and lzma are unpacked by Python's own library, the others by the
program of that name.
"""

from __future__ import annotations

import os

from ..errors import ExoError
from . import cpio

# The command that unpacks standard input, and the Debian package that it is in.
PROGRAMS = {"zstd": (("zstd", "-dcq"), "zstd"), "lz4": (("lz4", "-dcq"), "lz4"), "lzo": (("lzop", "-dcq"), "lzop")}
PIECE = 1 << 20
TAIL = 1 << 16
BLOCK = 512


def is_plain(path: str) -> bool:
    """Whether the file is an archive that can be booted as it is: plain all through, with a trailer, so that what is added
    behind it is an archive of its own. If not, convert() makes one of it.

    Errors: ExoError when it is no archive that we know.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            start = file.read(BLOCK)
            if start[:6] not in cpio.MAGICS:
                _check_kind(start, path)
                return False
            file.seek(max(0, size - TAIL))
            return file.read().rstrip(b"\0").endswith(cpio.TRAILER)
    except OSError as error:
        raise ExoError(f"{path}: {error.strerror}") from None


def _check_kind(start: bytes, path: str) -> None:
    if start and (start[0] == 0 or cpio.compression_of(start) or _is_tar(start)):
        return
    raise ExoError(f"{path}: neither a folder, nor a newc cpio archive, nor a tar archive")


def convert(path: str, output) -> None:
    """Writes the content of an archive of any kind as a plain newc archive. Errors: ExoError."""
    import mmap
    with open(path, "rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if _is_tar(content):
                _convert_tar(file, path, output)
            else:
                _convert_pieces(content, file, path, output)


def _convert_pieces(content, file, path: str, output) -> None:
    """Plain archives and compressed ones, one behind the other with zeros between, as an initramfs may be."""
    import tempfile
    offset = 0
    while (offset := cpio.skip_zeros(content, offset)) < len(content):
        if content[offset:offset + 6] in cpio.MAGICS:
            end = cpio.end_of(content, offset, path)
            _copy(content, offset, end, output)
            offset = end
            continue
        name = cpio.compression_of(content[offset:offset + 6])
        if name is None:
            raise ExoError(f"{path}: no cpio archive at offset {offset}")
        with tempfile.TemporaryFile(dir=os.path.dirname(output.name)) as unpacked:
            offset = _unpack(name, content, offset, file, path, unpacked)
            _add_unpacked(unpacked, f"{path} ({name})", output)
    cpio.Writer(output).finish()


def _add_unpacked(unpacked, path: str, output) -> None:
    import mmap
    size = unpacked.seek(0, os.SEEK_END)
    if size == 0:
        return
    with mmap.mmap(unpacked.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if _is_tar(content):
            _convert_tar(unpacked, path, output)
            return
        start = cpio.skip_zeros(content, 0)
        if start < size and content[start:start + 6] not in cpio.MAGICS:
            raise ExoError(f"{path}: neither a newc cpio archive nor a tar archive is in it")
        end = cpio.end_of(content, start, path)
        if end < size:
            raise ExoError(f"{path}: no cpio header at offset {end} of what is in it")
        _copy(content, 0, size, output)


def _copy(content, start: int, end: int, output) -> None:
    for at in range(start, end, PIECE):
        output.write(content[at:min(at + PIECE, end)])
    output.write(cpio.padding(end - start))


# ---- Compressed data

def _unpack(name: str, content, offset: int, file, path: str, output) -> int:
    """Unpacks what begins at `offset`; returns where it ends."""
    if name in PROGRAMS:
        unpack_by_program(name, offset, file, path, output)
        return len(content)
    magic = content[offset:offset + 2]
    # Several streams one behind the other, as parallel compressors write them, are one.
    while offset < len(content) and content[offset:offset + 2] == magic:
        offset = _unpack_stream(name, content, offset, path, output)
    return offset


def _decompressor(name: str):
    """An object with decompress, eof and unused_data, and the exceptions that it raises."""
    if name == "gzip":
        import zlib
        return zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error
    if name == "bzip2":
        import bz2
        return bz2.BZ2Decompressor(), OSError
    import lzma
    return lzma.LZMADecompressor(lzma.FORMAT_XZ if name == "xz" else lzma.FORMAT_ALONE), lzma.LZMAError


def _unpack_stream(name: str, content, offset: int, path: str, output) -> int:
    decompressor, error_type = _decompressor(name)
    while not decompressor.eof:
        piece = content[offset:offset + PIECE]
        if not piece:
            raise ExoError(f"{path}: cut off: its {name} data ends early, at byte {len(content)}")
        try:
            unpacked = decompressor.decompress(piece)
        except error_type as error:
            raise ExoError(f"{path}: its {name} data is damaged: {error}") from None
        output.write(unpacked)
        offset += len(piece)
    return offset - len(decompressor.unused_data)


def unpack_by_program(name: str, offset: int, file, path: str, output, limit: int | None = None) -> None:
    """`limit`: the most bytes that may come out. Errors: ExoError."""
    import resource
    import subprocess

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command, package = PROGRAMS[name]
    os.lseek(file.fileno(), offset, os.SEEK_SET)
    try:
        done = subprocess.run(command, stdin=file.fileno(), stdout=output.fileno(), stderr=subprocess.PIPE, check=False,
                              preexec_fn=restrict)
    except FileNotFoundError:
        raise ExoError(f"{path}: it is compressed with {name}, and there is no {command[0]} here to unpack it: "
                       f"'apt-get install {package}' brings it") from None
    if done.returncode != 0:
        words = " ".join(done.stderr.decode(errors="replace").split())
        raise ExoError(f"{path}: {command[0]} cannot unpack it: {words or f'status {done.returncode}'}")


# ---- tar

def _is_tar(content) -> bool:
    """Whether the first block is a header: its checksum is right (tar(5))."""
    if len(content) < BLOCK or content[0] == 0:
        return False
    import tarfile
    try:
        tarfile.TarInfo.frombuf(content[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _convert_tar(file, path: str, output) -> None:
    import tarfile

    from . import tar_entries
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as tar:
            members = tar.getmembers()
            _check_end(file, tar.offset, path)
            writer = cpio.Writer(output)
            tar_entries.Converter(writer).add(tar, members, path)
            writer.finish()
    except tarfile.TarError as error:
        size = file.seek(0, os.SEEK_END)
        raise ExoError(f"{path}: cut off or damaged: {error} (it ends at byte {size})") from None


def _check_end(file, offset: int, path: str) -> None:
    """tarfile takes a damaged header for the end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(offset)
    block = file.read(BLOCK)
    if size % BLOCK != 0 and len(block) < BLOCK:
        raise ExoError(f"{path}: cut off: it ends at byte {size}, in the middle of a header")
    if block.strip(b"\0"):
        raise ExoError(f"{path}: no tar header at offset {offset}")
