"""Rules for sockets of AF_UNIX: pairs, names, connections, messages with descriptors and credentials, options.

Sockets of other families are not there on one side: every later descriptor would have another number.
"""

from __future__ import annotations

import struct

from campaign.sequences.model import Pipe, Socket
from campaign.sequences.sequence import IN, IN_OUT, OUT, Argument, Buffer, Field, Pointer, Process, Result
from campaign.sequences.values import MASK

AF_UNIX, STREAM, DATAGRAM, SEQPACKET = 1, 1, 2, 5
NONBLOCK, CLOEXEC = 0o4000, 0o2000000
# Families that no Linux has.
_NO_FAMILIES = (46, 47, 99, 255, 1 << 20, 0x7FFFFFFF, MASK)
_PATHS = (b"s", b"d/s", b"t")
_ABSTRACT = (b"\0x", b"\0name", b"\0", b"\0x\0y", b"\0" + b"n" * 107)
MSG_OOB, MSG_PEEK, MSG_CTRUNC, MSG_TRUNC, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL, MSG_NOSIGNAL = 1, 2, 8, 0x20, 0x40, 0x80, 0x100, 0x4000
MSG_MORE, MSG_CMSG_CLOEXEC = 0x8000, 0x40000000
SOL_SOCKET, SCM_RIGHTS, SCM_CREDENTIALS = 1, 1, 2
_LEVELS = (0, 2, 6, 17, 41, 255, 256, 270, MASK)
# Numbers of socket(7) that change nothing outside of the socket. Not those of packet filters (26, 27, 50, 51), nor the one that
# binds to a device of a network (25, 62).
_OPTIONS = tuple(number for number in range(0, 80) if number not in (25, 26, 27, 50, 51, 62))
_FREQUENT_OPTIONS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 30, 31, 32, 33, 38, 39, 66, 67)
SHARE_OF_ALL_OPTIONS = 0.1
SIOCATMARK = 0x8905
# Without SIOCUNIXFILE, which Linux has: descriptors would have other numbers from there on, and what is made by them stays for sequences
# that follow.
_REQUESTS = (0x541B, 0x541B, 0x5411, 0x5411, 0x5421, 0x5421, 0x5401, SIOCATMARK, SIOCATMARK)


class SocketRules:
    """A part of Maker (rules.py)."""

    def begin_sockets(self, actor: int) -> None:
        if self.rng.random() < 0.7:
            self._pair(actor)
        else:
            self._listener(actor)
        if self.rng.random() < 0.45:
            self.fork(actor) if self.rng.random() < 0.6 else self.start_thread(actor)

    def use_socket(self, actor: int) -> None:
        entry = self.world.find(actor, "socket")
        pick = self.rng.random()
        if not isinstance(entry, Socket) or pick < 0.07:
            self.rng.choice((self._pair, self._pair, self._new, self._listener))(actor)
            return
        for limit, step in ((0.13, self._bind), (0.21, self._connect), (0.28, self._accept), (0.48, self._send), (0.68, self._receive),
                            (0.73, self._shutdown), (0.8, self._set_option), (0.87, self._get_option), (0.92, self._names)):
            if pick < limit:
                step(actor, entry)
                return
        if pick < 0.96:
            self.add(actor, "ioctl", (entry.name, self.rng.choice(_REQUESTS), Buffer(4, struct.pack("<i", self.rng.choice((0, 1))), IN_OUT)))
        else:
            self.make(actor, self.rng.choice(("close", "dup", "fcntl", "fstat", "poll", "lseek", "read", "write", "readv", "writev")))

    # ---- Making

    def _kind(self) -> tuple[int, int]:
        kind = self.rng.choice((STREAM, STREAM, DATAGRAM, SEQPACKET))
        return kind, self.rng.choice((0, NONBLOCK, NONBLOCK, CLOEXEC, NONBLOCK | CLOEXEC))

    def _pair(self, actor: int) -> None:
        kind, flags = self._kind()
        if self.values(actor).is_odd():
            kind = self.rng.choice((0, 3, 4, 6, 10, 0x10, 15))
        protocol = self.rng.choice((0, 0, 0, 0, 1, 2)) if self.values(actor).is_odd() else 0
        index = self.add(actor, "socketpair", (AF_UNIX, kind | flags, protocol, Buffer(8, b"", OUT, (), "descriptors")))
        one, other = Pipe(), Pipe()
        ends = (Socket(Field(index, 0, 0), kind, one, other, not flags & NONBLOCK), Socket(Field(index, 0, 4), kind, other, one, not flags & NONBLOCK))
        for end in ends:
            end.is_connected = True
        self.world.actors[actor].descriptors.extend(ends)

    def _new(self, actor: int) -> Socket:
        kind, flags = self._kind()
        index = self.add(actor, "socket", (AF_UNIX, kind | flags, self.rng.choice((0, 0, 0, 1)) if kind != DATAGRAM else 0))
        entry = Socket(Result(index), kind, Pipe(), Pipe(), not flags & NONBLOCK)
        self.world.actors[actor].descriptors.append(entry)
        return entry

    def _listener(self, actor: int) -> None:
        entry = self._new(actor)
        self._bind(actor, entry)
        self.add(actor, "listen", (entry.name, self.rng.choice((0, 1, 2, 128, MASK))))
        entry.is_listening = entry.type != DATAGRAM
        client = self._new(actor)
        if entry.address is not None:
            self._connect_to(actor, client, entry.address)

    def _socket_call(self, actor: int) -> None:
        if self.rng.random() < 0.3:
            kind = self.rng.choice((0, 1, 2, 3, 5, 10, 11, 15)) | self.rng.choice((0, 0, 0, NONBLOCK, CLOEXEC, 0x10, 0x100, 0x40000000))
            self.add(actor, "socket", (self.rng.choice(_NO_FAMILIES), kind, self.rng.choice((0, 1, 6, 17, 255, 1 << 20))))
        else:
            self._new(actor)

    _call_socket = _socket_call

    def _call_socketpair(self, actor: int) -> None:
        self._pair(actor)

    # ---- Names

    def _address(self, actor: int) -> bytes:
        """What follows the family."""
        pick = self.rng.random()
        if pick < 0.45 and self.world.addresses:
            return self.rng.choice(self.world.addresses)
        if pick < 0.75:
            return self.rng.choice(_PATHS) + self.rng.choice((b"", b"\0"))
        if pick < 0.95:
            return self.rng.choice(_ABSTRACT)
        return self.rng.choice((b"", b"a", b"d", b"none/s", b"n" * 108, b"n" * 109, b"l"))

    def _address_buffer(self, actor: int, address: bytes) -> tuple[Buffer, int]:
        family = AF_UNIX if not self.values(actor).is_odd() else self.rng.choice((0, 2, 16, 255))
        data = struct.pack("<H", family) + address
        size = len(data) if not self.values(actor).is_odd() else self.rng.choice((0, 1, 2, len(data) + 1, 111, 200, MASK))
        return Buffer(max(len(data), 1), data, IN, (), "sockaddr"), size

    def _bind(self, actor: int, entry: Socket) -> None:
        # None at all is a name of the kernel's choice.
        address = b"" if self.rng.random() < 0.15 else self.rng.choice((*_PATHS, *_ABSTRACT)) if self.rng.random() < 0.7 else self._address(actor)
        buffer, size = self._address_buffer(actor, address)
        self.add(actor, "bind", (entry.name, buffer, size))
        if address and entry.address is None:
            entry.address = address
            self.world.addresses.append(address)

    def _connect(self, actor: int, entry: Socket) -> None:
        if self.values(actor).is_odd():
            self.add(actor, "connect", (entry.name, Buffer(2, b"\0\0", IN, (), "sockaddr"), 2))  # AF_UNSPEC parts them
            return
        self._connect_to(actor, entry, self._address(actor))

    def _connect_to(self, actor: int, entry: Socket, address: bytes) -> None:
        buffer, size = self._address_buffer(actor, address)
        self.add(actor, "connect", (entry.name, buffer, size))
        for one in self.world.actors.values():
            for other in one.descriptors:
                if isinstance(other, Socket) and other.is_listening and other.address == address:
                    other.pending += 1
                    entry.is_connected = True

    def _accept(self, actor: int, entry: Socket) -> None:
        if not entry.is_listening:
            ready = [one for one in self.world.actors[actor].descriptors if isinstance(one, Socket) and one.is_listening]
            if not ready:
                self.add(actor, "listen", (entry.name, self.rng.choice((0, 1, 5, 128, MASK))))
                entry.is_listening = entry.type != DATAGRAM and entry.address is not None
                return
            entry = self.rng.choice(ready)
        if entry.pending == 0 and entry.waits and self.rng.random() < 0.85:
            return
        flags = self.rng.choice((0, NONBLOCK, CLOEXEC)) if not self.values(actor).is_odd() else self.rng.choice((1, 4, 0x10000))
        name, length = self._name_room()
        if self.rng.random() < 0.4:
            index = self.add(actor, "accept", (entry.name, name, length))
            flags = 0
        else:
            index = self.add(actor, "accept4", (entry.name, name, length, flags))
        if entry.pending > 0:
            entry.pending -= 1
            made = Socket(Result(index), entry.type, Pipe(), Pipe(), not flags & NONBLOCK)
            made.is_connected = True
            self.world.actors[actor].descriptors.append(made)

    def _call_accept(self, actor: int) -> None:
        entry = self.world.find(actor, "socket")
        if isinstance(entry, Socket):
            self._accept(actor, entry)

    _call_accept4 = _call_accept

    def _name_room(self) -> tuple[Argument, Argument]:
        if self.rng.random() < 0.3:
            return 0, 0
        size = self.rng.choice((110, 110, 110, 2, 3, 10, 0, 200))
        told = size if self.rng.random() < 0.93 else self.rng.choice((0, 1, MASK))
        return Buffer(size, b"", OUT, (), "sockaddr"), Buffer(4, struct.pack("<I", told & 0xFFFFFFFF), IN_OUT, (), "length")

    def _names(self, actor: int, entry: Socket) -> None:
        name, length = self._name_room()
        self.add(actor, self.rng.choice(("getsockname", "getpeername")), (entry.name, name, length))

    # ---- Messages

    def _message_flags(self, entry: Socket, usual: tuple[int, ...]) -> int:
        flags = 0 if not entry.waits or self.rng.random() < 0.05 else MSG_DONTWAIT
        for flag in usual:
            flags |= flag if self.rng.random() < (0.01 if flag == MSG_OOB else 0.12) else 0
        return flags

    def _send(self, actor: int, entry: Socket) -> None:
        length = self.rng.choice((0, 1, 2, 5, 10, 100, 1000, 4096, 70000 if self.rng.random() < 0.1 else 3))
        data = self.values(actor).bytes_in(length)
        flags = self._message_flags(entry, (MSG_OOB, MSG_EOR, MSG_NOSIGNAL, MSG_NOSIGNAL, MSG_MORE, 0x4))
        name: Argument = 0
        size = 0
        if not entry.is_connected and self.rng.random() < 0.7 or self.values(actor).is_odd():
            name, size = self._address_buffer(actor, self._address(actor))
        pick = self.rng.random()
        if pick < 0.35:
            self.add(actor, "sendto", (entry.name, data, length, flags, name, size))
        elif pick < 0.5:
            self.add(actor, "write", (entry.name, data, length))
        elif pick < 0.93:
            message, extra = self._message(actor, data, name if isinstance(name, Buffer) else None, size, self._control_messages(actor), IN)
            self.add(actor, "sendmsg", (entry.name, message, flags), extra)
        else:
            self._many(actor, entry, "sendmmsg", data, flags)
        if entry.out is not None:
            entry.out.size += max(length, 1)

    def _control_messages(self, actor: int) -> Buffer | None:
        pick = self.rng.random()
        if pick < 0.4:
            return None
        data, pointers = b"", []
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            start = len(data)
            if self.rng.random() < 0.65:
                count = self.rng.choice((1, 1, 2, 3, 0))
                body = b""
                for _ in range(count):
                    found = self.world.find(actor, "file")
                    if found is None or self.values(actor).is_odd():
                        body += struct.pack("<i", self.rng.choice((-1, 58, 1000)))
                    elif isinstance(found.name, int):
                        body += struct.pack("<i", found.name)
                    else:  # eight bytes: the second half is overwritten by the next one
                        pointers.append((start + 16 + len(body), found.name))
                        body += b"\0" * 4
                kind = SCM_RIGHTS
            else:
                who = self.world.actors[actor].leader if self.rng.random() < 0.8 else self.rng.choice(list(self.world.actors))
                ids = (0, 0) if self.rng.random() < 0.8 else self.rng.choice(((1000, 0), (0, 1000), (1000, 1000), (0xFFFFFFFF, 0)))
                pointers.append((start + 16, Process(who, high=ids[0])))
                body, kind = struct.pack("<iII", 0, *ids), SCM_CREDENTIALS
            level = SOL_SOCKET if not self.values(actor).is_odd() else self.rng.choice((0, 6, 255))
            kind = kind if not self.values(actor).is_odd() else self.rng.choice((0, 3, 4, 29))
            length = 16 + len(body) + (0 if not self.values(actor).is_odd() else self.rng.choice((-17, -1, 1, 4, 1000)))
            data += struct.pack("<QII", length & MASK, level, kind) + body
            data = data.ljust((len(data) + 7) & ~7, b"\0")
        # Room for the last word, in which four bytes are the descriptor.
        return Buffer(len(data) + 8, data.ljust(len(data) + 8, b"\0"), IN, tuple(pointers), "")

    def _message(self, actor: int, data: Buffer, name: Buffer | None, name_size: int, control: Buffer | None,
                 direction: int) -> tuple[Buffer, tuple[Buffer, ...]]:
        """The header, and what it leads to: vectors, their bytes, a name, control messages."""
        pieces = 1 if data.length < 2 or self.rng.random() < 0.7 else 2
        half = data.length // pieces
        lengths = (data.length,) if pieces == 1 else (half, data.length - half)
        parts = [Buffer(length, data.data[start:start + length], data.direction)
                 for start, length in zip((0, half), lengths)]
        vectors = Buffer(16 * pieces, b"".join(struct.pack("<QQ", 0, length) for length in lengths), IN,
                         tuple((16 * index, Pointer(2 + index)) for index in range(pieces)), "iovec")
        extra, pointers = [vectors, *parts], [(16, Pointer(1))]
        if name is not None:
            pointers.append((0, Pointer(len(extra) + 1)))
            extra.append(name)
        control_size = 0
        if control is not None:
            pointers.append((32, Pointer(len(extra) + 1)))
            extra.append(control)
            control_size = control.length - 8 if direction == IN else control.length
            if self.values(actor).is_odd():
                control_size = self.rng.choice((0, 1, 12, control_size + 1))
        count = pieces if not self.values(actor).is_odd() else self.rng.choice((0, 1, 1025, MASK))
        header = struct.pack("<QIIQQQQII", 0, name_size & 0xFFFFFFFF, 0, 0, count, 0, control_size, 0, 0)
        return Buffer(56, header, IN if direction == IN else IN_OUT, tuple(pointers), "msghdr"), tuple(extra)

    def _receive(self, actor: int, entry: Socket) -> None:
        if entry.pipe is not None and entry.pipe.size == 0 and self.rng.random() < 0.6:
            sender = next((one for one in self.world.actors[actor].descriptors if isinstance(one, Socket) and one.out is entry.pipe), None)
            if sender is not None:
                self._send(actor, sender)
        length = self.rng.choice((0, 1, 2, 5, 10, 100, 1000, 4096, 8000))
        room = Buffer(length, b"", OUT)
        flags = self._message_flags(entry, (MSG_PEEK, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_OOB, MSG_CMSG_CLOEXEC, MSG_CTRUNC))
        pick = self.rng.random()
        if pick < 0.3:
            name, size = self._name_room()
            self.add(actor, "recvfrom", (entry.name, room, length, flags, name, size))
        elif pick < 0.42:
            if not entry.would_wait() or self.rng.random() < 0.07:
                self.add(actor, "read", (entry.name, room, length))
        elif pick < 0.94:
            name = Buffer(110, b"", OUT, (), "sockaddr") if self.rng.random() < 0.3 else None
            control = Buffer(self.rng.choice((64, 64, 32, 24, 20, 17, 16, 8)), b"", OUT, (), "control") if self.rng.random() < 0.7 else None
            message, extra = self._message(actor, room, name, 110 if name else 0, control, OUT)
            index = self.add(actor, "recvmsg", (entry.name, message, flags), extra)
            self._note_received(actor, index, message, extra, control)
        else:
            self._many(actor, entry, "recvmmsg", room, flags)
        if entry.pipe is not None and not flags & MSG_PEEK:
            entry.pipe.size = max(entry.pipe.size - max(length, 1), 0) if entry.type == STREAM else 0

    def _note_received(self, actor: int, index: int, message: Buffer, extra: tuple[Buffer, ...], control: Buffer | None) -> None:
        """The first descriptor that came, if one did: later calls meet it."""
        if control is None or control.length < 24 or self.rng.random() < 0.5:
            return
        outputs = [buffer for buffer in (message, *extra) if buffer.direction & OUT]
        made = Socket(Field(index, outputs.index(control), 16), STREAM, Pipe(), Pipe(), True)
        self.world.actors[actor].descriptors.append(made)

    def _many(self, actor: int, entry: Socket, name: str, data: Buffer, flags: int) -> None:
        """Two messages of one piece each."""
        data = Buffer(min(data.length, 4096), data.data[:4096], data.direction)
        vectors = Buffer(16, struct.pack("<QQ", 0, data.length), IN, ((0, Pointer(2)),), "iovec")
        header = struct.pack("<QIIQQQQIIII", 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
        headers = Buffer(128, header * 2, IN_OUT, ((16, Pointer(1)), (80, Pointer(1))), "mmsghdr")
        count = self.rng.choice((2, 2, 1, 0))
        rest: tuple[Argument, ...] = ()
        if name == "recvmmsg":
            flags |= self.rng.choice((0, 0x10000))
            rest = (self.rng.choice((0, Buffer(16, struct.pack("<qq", 0, 0), IN, (), "timespec"))),)
        self.add(actor, name, (entry.name, headers, count, flags, *rest), (vectors, data))

    # ---- The rest

    def _shutdown(self, actor: int, entry: Socket) -> None:
        self.add(actor, "shutdown", (entry.name, self.rng.choice((0, 1, 2, 2)) if not self.values(actor).is_odd() else self.rng.choice((3, MASK))))

    def _option(self, actor: int) -> tuple[int, int]:
        level = SOL_SOCKET if self.rng.random() < 0.93 else self.rng.choice(_LEVELS)
        return level, self.rng.choice(_OPTIONS if self.rng.random() < SHARE_OF_ALL_OPTIONS else _FREQUENT_OPTIONS)

    def _set_option(self, actor: int, entry: Socket) -> None:
        level, option = self._option(actor)
        size = 8 if option == 13 else 16 if option in (20, 21, 66, 67) else 4
        value = {8: struct.pack("<ii", self.rng.choice((0, 1)), self.rng.choice((0, 1, 10, -1))),
                 16: struct.pack("<qq", *self.rng.choice(((0, 0), (0, 1000), (1000, 0), (-1, 0), (0, -1), (0, 10**6)))),
                 4: struct.pack("<i", self.rng.choice((0, 1, 1, 2, 100, 4096, 65536, 1 << 24, -1)))}[size]
        told = size if not self.values(actor).is_odd() else self.rng.choice((0, 1, 3, 2 * size, MASK))
        self.add(actor, "setsockopt", (entry.name, level, option, Buffer(2 * size, value.ljust(2 * size, b"\0"), IN), told))

    def _get_option(self, actor: int, entry: Socket) -> None:
        level, option = self._option(actor)
        size = 12 if option == 17 else 16 if option in (20, 21, 66, 67) else 8 if option == 13 else 64 if option in (55, 59) else 4
        room = size if not self.values(actor).is_odd() else self.rng.choice((0, 1, 3, 2 * size))
        told = room if not self.values(actor).is_odd() else self.rng.choice((MASK & 0xFFFFFFFF, 0))
        shape = f"option {option}" if level == SOL_SOCKET else ""
        self.add(actor, "getsockopt", (entry.name, level, option, Buffer(room, b"", OUT, (), shape),
                                       Buffer(4, struct.pack("<I", told), IN_OUT, (), "length")))
