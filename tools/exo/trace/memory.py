"""What the kernel copied from, or to, a program's memory during one call."""

from __future__ import annotations

LONGEST_ZEROS = 4096


class Memory:
    """Pieces in the order in which they were copied; where two overlap, the later one is what the kernel used."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[tuple[int, bytes]] = []

    def add(self, address: int, data: bytes) -> None:
        if not data:
            return
        if self._pieces:
            last, before = self._pieces[-1]
            if last + len(before) == address:
                self._pieces[-1] = (last, before + data)
                return
        self._pieces.append((address, data))

    def add_zeros(self, address: int, size: int) -> None:
        self.add(address, bytes(min(size, LONGEST_ZEROS)))

    def get(self, address: int, size: int) -> bytes:
        """As much as is known from `address` on without a gap, at most `size` bytes."""
        found = b""
        while len(found) < size:
            piece = self._from(address + len(found))
            if not piece:
                break
            found += piece[:size - len(found)]
        return found

    def sparse(self, address: int, size: int) -> bytes | None:
        """All `size` bytes, with zeros where nothing was copied. None if nothing is known of the first one."""
        if not self._from(address):
            return None
        result = bytearray(size)
        for start, data in self._pieces:
            begin, end = max(start, address), min(start + len(data), address + size)
            if begin < end:
                result[begin - address:end - address] = data[begin - start:end - start]
        return bytes(result)

    def string(self, address: int) -> tuple[bytes, bool] | None:
        """The text at `address` without its NUL, and whether that is all of it. None if nothing is known."""
        found = b""
        while True:
            piece = self._from(address + len(found))
            if not piece:
                return (found, False) if found else None
            end = piece.find(0)
            if end >= 0:
                return found + piece[:end], True
            found += piece

    def first_large(self, size: int) -> bytes | None:
        """The first piece of at least `size` bytes."""
        return next((data for _, data in self._pieces if len(data) >= size), None)

    def _from(self, address: int) -> bytes:
        for start, data in reversed(self._pieces):
            if start <= address < start + len(data):
                return data[address - start:]
        return b""
