"""Bytes and addresses as strace writes them."""

from __future__ import annotations

_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r", ord("\v"): "\\v",
            ord("\f"): "\\f"}


def escaped(data: bytes) -> str:
    """Octal where there is no letter, with as few digits as the byte that follows allows."""
    parts = []
    for index, byte in enumerate(data):
        if byte in _ESCAPES:
            parts.append(_ESCAPES[byte])
        elif 0x20 <= byte < 0x7f:
            parts.append(chr(byte))
        else:
            is_digit_next = index + 1 < len(data) and 0x30 <= data[index + 1] <= 0x39
            parts.append(f"\\{byte:03o}" if is_digit_next else f"\\{byte:o}")
    return "".join(parts)


def quoted(data: bytes, limit: int, *, is_whole: bool = True) -> str:
    """At most `limit` bytes, with dots behind them if that is not all."""
    dots = "..." if len(data) > limit or not is_whole else ""
    return f'"{escaped(data[:limit])}"{dots}'


def quoted_path(data: bytes, is_whole: bool) -> str:
    """Paths are never shortened."""
    return f'"{escaped(data)}"' + ("" if is_whole else "...")


def quoted_hexadecimal(data: bytes, limit: int, *, is_whole: bool = True) -> str:
    dots = "..." if len(data) > limit or not is_whole else ""
    return '"' + "".join(f"\\x{byte:02x}" for byte in data[:limit]) + f'"{dots}'


def hexadecimal(word: int, null: str = "NULL") -> str:
    return f"{word:#x}" if word else null
