#!/usr/bin/env python3
"""Writes the functions' names and addresses into the kernel image, for the call chains in panic reports.

kernel.ld reserves the section .symbols; this fills it in the linked file, so that no second link is needed.
Layout (little endian): u32 magic "KSYM", u32 count, count * {u32 address - image start, u32 name offset in the
section}, NUL-terminated names. Read by kernel/arch/x86_64/report.cpp.

Usage: embed_symbols.py NM ELF
"""
import struct
import subprocess
import sys

MAGIC = 0x4D59534B


def read_functions(nm: str, image: str) -> tuple[int, list[tuple[int, str]]]:
    """(image start, [(address, name)] sorted by address, one name an address)."""
    listing = subprocess.run([nm, "-n", "-C", "--defined-only", image], check=True, capture_output=True, text=True).stdout
    start = end = 0
    functions: dict[int, str] = {}
    for line in listing.splitlines():
        fields = line.split(maxsplit=2)
        if len(fields) != 3:
            continue
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "exo_image_start":
            start = address
        elif name == "exo_text_end":
            end = address
        elif kind in "tTwW":
            functions.setdefault(address, name.replace("(anonymous namespace)::", "").split("(")[0])
    return start, sorted((a, n) for a, n in functions.items() if start <= a < end)


def find_section(data: bytes, name: bytes) -> tuple[int, int]:
    """File offset and size of an ELF64 section (System V ABI, chapter 4)."""
    (offset,) = struct.unpack_from("<Q", data, 40)
    size, count, names_index = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    names = headers[names_index][4]
    for header in headers:
        at = names + header[0]
        if data[at : data.index(b"\0", at)] == name:
            return header[4], header[5]
    sys.exit(f"embed_symbols: no section {name.decode()}")


def build_table(start: int, functions: list[tuple[int, str]]) -> bytes:
    names = bytearray()
    entries = bytearray()
    base = 8 + 8 * len(functions)
    for address, name in functions:
        entries += struct.pack("<II", address - start, base + len(names))
        names += name.encode()[:120] + b"\0"
    return struct.pack("<II", MAGIC, len(functions)) + entries + names


def main() -> None:
    nm, image = sys.argv[1:3]
    start, functions = read_functions(nm, image)
    table = build_table(start, functions)
    with open(image, "r+b") as file:
        offset, size = find_section(file.read(), b".symbols")
        if len(table) > size:
            sys.exit(f"embed_symbols: {len(table)} bytes of names do not fit into the {size} that boot.S reserves")
        file.seek(offset)
        file.write(table)


if __name__ == "__main__":
    main()
