"""What an ELF file says of the loader and the libraries that it needs (elf(5)); nothing of it is run."""

from __future__ import annotations

MAGIC = b"\x7fELF"
CLASS_64 = 2
LITTLE_ENDIAN = 1
HEADER_BYTES = 64
PROGRAM_HEADER_BYTES = 56
DYNAMIC_ENTRY_BYTES = 16
MOST_BYTES, MOST_OFFSET = 4 << 20, 1 << 40  # of a table that is read: what claims more is no sound file

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 15, 29


class ElfError(Exception):
    """The file is no sound ELF file of 64 bits; `str()` says why."""


class ElfFile:
    """Errors: OSError, ElfError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.interpreter = ""
        self.needed: list[str] = []
        self.rpath: list[str] = []
        self.runpath: list[str] = []
        with open(path, "rb") as file:
            self._read(file)

    @property
    def is_static(self) -> bool:
        return not self.interpreter

    def _read(self, file) -> None:
        header = file.read(HEADER_BYTES)
        if header[:4] != MAGIC or len(header) < HEADER_BYTES:
            raise ElfError("it is no ELF file")
        if header[4] != CLASS_64 or header[5] != LITTLE_ENDIAN:
            raise ElfError("it is no program of 64 bits")
        self.machine = _number(header, 18, 2)
        segments = self._segments(file, header)
        dynamic = next((segment for segment in segments if segment[0] == PT_DYNAMIC), None)
        interpreter = next((segment for segment in segments if segment[0] == PT_INTERP), None)
        if interpreter is not None:
            self.interpreter = _part(file, interpreter[1], interpreter[3]).split(b"\0")[0].decode(errors="surrogateescape")
        if dynamic is not None:
            self._read_dynamic(file, segments, dynamic)

    @staticmethod
    def _segments(file, header: bytes) -> list[tuple[int, int, int, int]]:
        """Type, offset, address and bytes in the file of each."""
        size, count = _number(header, 54, 2), _number(header, 56, 2)
        if size < PROGRAM_HEADER_BYTES and count:
            raise ElfError("its program headers are too small")
        table = _part(file, _number(header, 32, 8), size * count)
        return [(_number(table, at, 4), _number(table, at + 8, 8), _number(table, at + 16, 8), _number(table, at + 32, 8))
                for at in range(0, size * count, size)] if count else []

    def _read_dynamic(self, file, segments, dynamic) -> None:
        table = _part(file, dynamic[1], dynamic[3])
        entries = []
        for at in range(0, len(table) - DYNAMIC_ENTRY_BYTES + 1, DYNAMIC_ENTRY_BYTES):
            entry = (_number(table, at, 8), _number(table, at + 8, 8))
            if entry[0] == DT_NULL:
                break
            entries.append(entry)
        values = dict(entries)
        if DT_STRTAB not in values:
            return
        address = values[DT_STRTAB]
        place = next((offset + address - start for kind, offset, start, size in segments
                      if kind == PT_LOAD and start <= address < start + size), None)
        if place is None:
            raise ElfError("its string table lies nowhere")
        strings = _part(file, place, values.get(DT_STRSZ, 0))
        self.needed = [_string(strings, value) for tag, value in entries if tag == DT_NEEDED]
        self.rpath = _folders(strings, entries, DT_RPATH)
        self.runpath = _folders(strings, entries, DT_RUNPATH)


def is_static(path: str) -> bool:
    """Whether a file is an ELF program that names no interpreter. Errors: OSError."""
    try:
        return ElfFile(path).is_static
    except ElfError:
        return False


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at:at + size], "little")


def _part(file, offset: int, size: int) -> bytes:
    if size > MOST_BYTES or offset > MOST_OFFSET:
        raise ElfError("one of its tables has an impossible size")
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise ElfError("it is cut off")
    return data


def _string(strings: bytes, at: int) -> str:
    return strings[at:].split(b"\0", 1)[0].decode(errors="surrogateescape")


def _folders(strings: bytes, entries, tag: int) -> list[str]:
    return [folder for wanted, value in entries if wanted == tag for folder in _string(strings, value).split(":") if folder]
