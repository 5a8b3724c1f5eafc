"""`--publish`: ports of this system that lead to ports of the machine."""

from __future__ import annotations

import _socket  # the C part: the rest takes 10 ms to import

from ..errors import ExoError

HERE = "127.0.0.1"
HIGHEST_PORT = 65535
FORM = "it should be [ADDR:]HOST:GUEST, or GUEST alone for a free port here"
KINDS = {"tcp": _socket.SOCK_STREAM, "udp": _socket.SOCK_DGRAM}


class Published:
    """One port. `host` is 0 until a free one is chosen; `word` is what the user wrote."""

    __slots__ = ("word", "address", "host", "guest", "protocol")

    def __init__(self, word: str, address: str, host: int, guest: int, protocol: str) -> None:
        self.word = word
        self.address = address
        self.host = host
        self.guest = guest
        self.protocol = protocol


def publish(text: str) -> list[Published]:
    """The ports of `[ADDR:]HOST:GUEST[/udp]` or `GUEST[/udp]`, where HOST and GUEST may be ranges. Errors: ValueError."""
    ports, slash, protocol = text.partition("/")
    if slash and protocol not in KINDS:
        raise ValueError("behind the slash it should be tcp or udp")
    if "[" in ports:
        raise ValueError("machines have no IPv6 yet")
    *address, host, guest = ports.split(":") if ":" in ports else ("", ports)
    if len(address) > 1:
        raise ValueError(FORM)
    guests = _range(guest)
    hosts = _range(host) if host else [0] * len(guests)
    if len(hosts) != len(guests):
        raise ValueError(f"{len(hosts)} ports here cannot lead to {len(guests)} of the machine")
    where = _address(address[0]) if address else HERE
    return [Published(text, where, *pair, protocol or "tcp") for pair in zip(hosts, guests)]


def _address(text: str) -> str:
    if text == "localhost":
        return HERE
    try:
        return _socket.inet_ntop(_socket.AF_INET, _socket.inet_pton(_socket.AF_INET, text))
    except OSError:
        raise ValueError(f"{text or 'nothing'} is no IPv4 address") from None


def _range(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    numbers = [int(word) if word.isascii() and word.isdigit() else 0 for word in ((first, last) if dash else (first, first))]
    if not all(1 <= number <= HIGHEST_PORT for number in numbers):
        raise ValueError(FORM if not text else f"{text} is no port, which is a number from 1 to {HIGHEST_PORT}")
    if numbers[0] > numbers[1]:
        raise ValueError(f"the range {text} ends before it begins")
    return list(range(numbers[0], numbers[1] + 1))


def check(published: list[Published]) -> None:
    """Errors: ExoError for a port that cannot be had, with what to do instead."""
    _close(_take(published))


def choose_free(published: list[Published]) -> list[Published]:
    """Gives those a port that leave it open, and returns them. Errors: ExoError."""
    chosen = [port for port in published if port.host == 0]
    taken = _take(published)
    for port, taker in zip(published, taken):
        port.host = taker.getsockname()[1]
    _close(taken)
    return chosen


def _take(published: list[Published]) -> list:
    """A socket at each port, so that no other port gets the same."""
    taken = []
    try:
        for port in published:
            taker = _socket.socket(_socket.AF_INET, KINDS[port.protocol])
            taken.append(taker)
            if port.protocol == "tcp":
                # As every server does, lest connections of one that has ended hold the port.
                taker.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            taker.bind((port.address, port.host))
            if port.protocol == "tcp":
                taker.listen(1)
    except OSError as error:
        _close(taken)
        raise ExoError(f"-p {port.word}: {_why(port, error)}") from None
    return taken


def _close(sockets: list) -> None:
    for each in sockets:
        each.close()


def _why(port: Published, error: OSError) -> str:
    import errno
    other = port.host + 1 if port.host < HIGHEST_PORT else 1024
    suffix = "/udp" if port.protocol == "udp" else ""
    if error.errno == errno.EADDRINUSE:
        return (f"{port.protocol} port {port.host} of {port.address} is taken already; choose another (-p {other}:{port.guest}{suffix}), "
                f"or give the machine's port alone for a free one (-p {port.guest}{suffix})")
    if error.errno in (errno.EACCES, errno.EPERM):
        return (f"you may not take port {port.host} here; choose one from 1024 on, or give the machine's port alone for a free one "
                f"(-p {port.guest}{suffix})")
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this system has no address {port.address}"
    return str(error.strerror)
