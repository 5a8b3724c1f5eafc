"""Names of functions by address: of Exo-OS and of a benchmark from their ELF files, of Linux from /proc/kallsyms."""

from __future__ import annotations

import bisect
import re
from typing import Iterable, NamedTuple

from .. import packages, process
from ..errors import ExoError

NM = "llvm-nm-19"
OUR_NAMESPACE = "exo::"
KERNEL_HALF = 1 << 63
OPERATOR = re.compile(r"operator\s*(?:<=>|<<=|>>=|->\*|<<|>>|<=|>=|->|<|>|\(\))")


class Symbol(NamedTuple):
    start: int
    size: int  # 0: to the next one
    name: str


class Symbols:
    """A table of functions. Several can be joined with `+`."""

    def __init__(self, found: Iterable[Symbol]) -> None:
        best: dict[int, Symbol] = {}
        for symbol in found:
            known = best.get(symbol.start)
            if known is None or _preference(symbol) > _preference(known):
                best[symbol.start] = symbol
        self._symbols = [best[start] for start in sorted(best)]
        self._starts = [symbol.start for symbol in self._symbols]

    def __add__(self, other: "Symbols") -> "Symbols":
        return Symbols(self._symbols + other._symbols)

    def __len__(self) -> int:
        return len(self._symbols)

    def find(self, address: int) -> Symbol | None:
        at = bisect.bisect_right(self._starts, address) - 1
        if at < 0:
            return None
        symbol = self._symbols[at]
        if symbol.size:
            return symbol if address < symbol.start + symbol.size else None
        # Without a size it reaches to the next one, but a user's function not into the kernel.
        return symbol if (address < KERNEL_HALF) == (symbol.start < KERNEL_HALF) else None

    def range_of(self, name: str) -> tuple[int, int] | None:
        """Where the function of this name begins and ends. One without a size reaches to the next one."""
        for at, symbol in enumerate(self._symbols):
            if symbol.name == name:
                end = symbol.start + symbol.size if symbol.size or at + 1 == len(self._symbols) else self._starts[at + 1]
                return symbol.start, end
        return None

    def address_of(self, name: str) -> int | None:
        return next((symbol.start for symbol in self._symbols if symbol.name == name), None)

    def name(self, address: int) -> str:
        """The function's short name, or the address where there is none."""
        symbol = self.find(address)
        return symbol.name if symbol else f"{address:#x}"


def _preference(symbol: Symbol) -> tuple[bool, int]:
    """Of several names at one address: one with a size, then that with the fewest underscores in front."""
    return symbol.size > 0, len(symbol.name.lstrip("_")) - len(symbol.name)


FUNCTIONS = "tTwW"  # as nm(1) calls them
DATA = "dDbBrRvV"


def of_elf(path: str, kinds: str = FUNCTIONS) -> Symbols:
    """The functions (or DATA) of an ELF file, demangled. Errors: ExoError when it cannot be read or has no symbols."""
    if packages.find_program(NM) is None:
        raise ExoError(f"{NM} is missing (Debian's package llvm-19); it reads the names for a profile")
    status, text = process.capture([NM, "--demangle", "--print-size", "--defined-only", path])
    if status != 0:
        raise ExoError(f"{path}: {text.strip().splitlines()[-1]}")
    found = []
    for line in text.splitlines():
        fields = line.split(" ", 3)
        if len(fields) == 4 and fields[2] in kinds:
            found.append(Symbol(int(fields[0], 16), int(fields[1], 16), short_name(fields[3])))
        elif len(fields) == 4 and fields[1] in kinds:  # from assembler: no size was given
            found.append(Symbol(int(fields[0], 16), 0, short_name(" ".join(fields[2:]))))
        elif len(fields) == 3 and fields[1] in kinds:
            found.append(Symbol(int(fields[0], 16), 0, fields[2]))
    if not found:
        raise ExoError(f"{path}: no symbols")
    return Symbols(found)


def of_kallsyms(text: str) -> Symbols:
    """From proc_kallsyms(5)'s lines `ADDRESS TYPE NAME [MODULE]`; other lines (a serial log's) are passed over.

    Errors: ExoError when no function has an address: only root may see them.
    """
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) in (3, 4) and fields[1] in "tTwW" and re.fullmatch("[0-9a-f]{16}", fields[0]):
            found.append(Symbol(int(fields[0], 16), 0, fields[2]))
    if not any(symbol.start for symbol in found):
        raise ExoError("/proc/kallsyms shows no addresses")
    return Symbols(found)


def short_name(demangled: str) -> str:
    """`exo::Result<void> exo::vm::Area::map<int>(long) const` becomes `vm::Area::map`."""
    name = _without_brackets(demangled)
    name = re.sub(r"\[abi:\w+\]|\[clone [^]]*\]|\s+\(\.[\w.]+\)", "", name).strip()
    name = re.sub(r"\s+(?:const|volatile|&&?)$", "", name)
    if "operator " not in name:  # `operator bool`, `operator new`
        name = name.rpartition(" ")[2]  # a template's name comes with its return type in front
    return name.removeprefix(OUR_NAMESPACE) or demangled


def _without_brackets(text: str) -> str:
    """Drops argument lists and template arguments, but a function that is a template's first argument: thunks are
    told apart by it."""
    out: list[str] = []
    depth = 0
    at = 0
    while at < len(text):
        operator = OPERATOR.match(text, at) if depth == 0 else None
        if operator:
            out.append(operator[0])
            at = operator.end()
            continue
        letter = text[at]
        if letter in "<(" and text[at - 1:at + 1] != "->":
            if depth == 0 and letter == "<" and text[at + 1:at + 2] == "&":
                out.append(f"<{_function_argument(text[at + 2:])}>")
            depth += 1
        elif letter in ">)" and text[at - 1:at + 1] != "->":
            depth -= 1
        elif depth == 0:
            out.append(letter)
        at += 1
    return re.sub(r"::(?=::)|^::", "", "".join(out))


def _function_argument(text: str) -> str:
    """The last part of the qualified name at the beginning of a template's arguments."""
    plain = text.replace("(anonymous namespace)::", "")
    return re.split(r"[(<>,]", plain, maxsplit=1)[0].split("::")[-1]
