"""What sockets and signal descriptors write (unix(7), socket(7), signalfd(2)), with what may differ replaced by its kind."""

from __future__ import annotations

import re
import struct

_SIGNAL = struct.Struct("<IiiIIiIIIIiiQQQQ48s")
SO_PEERCRED, SO_TIMESTAMPS = 17, (29, 35, 63, 64)
SO_COOKIE = 57
_SCM_RIGHTS, _SCM_CREDENTIALS = 1, 2
_AUTOBIND = re.compile(rb"\x01\x00\x00([0-9a-f]{5})")


def lines(shape: str, data: bytes, naming) -> list[str] | None:
    """None: nothing that this module knows. `naming` gives numbers their names (normal.py)."""
    if shape == "sockaddr":
        return [address(data, naming)]
    if shape == "control":
        return [_control(data, naming)]
    if shape == f"option {SO_PEERCRED}":
        return [_credentials(data, naming)]
    if shape == f"option {SO_COOKIE}" and len(data) == 8:
        return ["any"]
    if shape == "signalfd_siginfo":
        return [_signals(data, naming)]
    return None


def address(data: bytes, naming) -> str:
    """A name that the kernel chose has five digits by chance."""
    found = _AUTOBIND.match(data)
    return repr(data) if found is None else f"chosen name {naming.chosen_name(found[1])}, then {data[found.end():]!r}"


def _credentials(data: bytes, naming) -> str:
    if len(data) < 4:
        return f"the first {len(data)} bytes of an id"
    return f"{naming.pid(int.from_bytes(data[:4], 'little', signed=True))}, then {data[4:]!r}"


def _control(data: bytes, naming) -> str:
    """One control message after the other, as far as they go; what follows is not the kernel's."""
    words, at = [], 0
    while at + 16 <= len(data):
        length, level, kind = struct.unpack_from("<QII", data, at)
        if not 16 <= length <= len(data) - at:
            break
        body = data[at + 16:at + length]
        if level == 1 and kind == _SCM_CREDENTIALS:
            words.append(f"credentials {_credentials(body, naming)}")
        elif level == 1 and kind in SO_TIMESTAMPS:
            words.append(f"a time in {length} bytes")
        elif level == 1 and kind == _SCM_RIGHTS:
            words.append(f"descriptors {body!r}")
        else:
            words.append(f"level {level} kind {kind} {body!r}")
        at += (length + 7) & ~7
    return f"{'; '.join(words)}; then {data[at:]!r}"


def _signals(data: bytes, naming) -> str:
    """The times of a child that has ended are what it used, which proc(5) leaves open."""
    words = []
    at = 0
    while at + 128 <= len(data) and int.from_bytes(data[at:at + 4], "little") < 65:
        number, error, code, sender, uid, fd, timer, band, overrun, trap, status, value, pointer, _, _, where, rest = \
            _SIGNAL.unpack_from(data, at)
        words.append(f"signal {number} error {error} code {code} from {naming.pid(sender)} uid {uid} fd {fd} timer {timer} band {band} "
                     f"overrun {overrun} trap {trap} status {status} value {value} {pointer:#x} at {where:#x} {rest!r}")
        at += 128
    return f"{'; '.join(words)}; then {data[at:]!r}"
