"""Rules for extended attributes and access control lists: names and values that mean something, and what asks for them."""

from __future__ import annotations

import struct

from campaign.sequences.sequence import IN, OUT, Argument, Buffer
from campaign.sequences.values import AT_FDCWD, MASK

OWNER, USER, OF_GROUP, GROUP, ACL_MASK, OTHER = 1, 2, 4, 8, 16, 32
ACCESS, DEFAULT = b"system.posix_acl_access", b"system.posix_acl_default"
# Nothing sets security.*: Debian's kernel lets everybody, which is a difference that is known.
_SETTABLE = (ACCESS, ACCESS, ACCESS, DEFAULT, DEFAULT, b"trusted.a", b"trusted.b", b"trusted.c", b"user.a", b"trusted." + b"x" * 247)
_ODD = (b"", b"trusted.", b"system.none", b"none", b"user.", b"trusted." + b"x" * 248, b"system.posix_acl_accesses", b"osx.x")
_READABLE = (b"security.a", b"security.capability")
_IDS = (0, 1, 2, 1000, 65534, 100000)


class AttributeRules:
    """A part of Maker (rules.py)."""

    def begin_attributes(self, actor: int) -> None:
        self.make(actor, "openat")
        if self.rng.random() < 0.7:
            self._set_attribute(actor)
        if self.rng.random() < 0.5:
            self.fork_process(actor)

    def use_attribute(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.3:
            self._set_attribute(actor)
        elif pick < 0.42:
            self._get_attribute(actor)
        elif pick < 0.5:
            self._on(actor, "listxattr", Buffer(4096, b"", OUT, (), "names"), self.rng.choice((0, 4, 30, 100, 4096)))
        elif pick < 0.56:
            self._on(actor, "removexattr", self._attribute(actor))
        elif pick < 0.62:
            identity = self.rng.choice(_IDS)
            self.add(actor, self.rng.choice(("setresuid", "setresgid", "setfsuid")), (identity, identity, identity))
        elif pick < 0.67:
            self.add(actor, "openat", (AT_FDCWD, self.values(actor).path("existing"), 0o20200002, self.rng.choice((0o666, 0o640, 0o777))))
        else:
            self.make(actor, self.rng.choice(("openat", "openat", "mkdir", "mkdir", "mknod", "chmod", "chmod", "access", "access", "fchmodat", "chown",
                                              "umask", "link", "rename", "symlink", "stat", "fstat", "truncate", "execve", "rmdir", "unlink")))

    def _attribute(self, actor: int, more: tuple[bytes, ...] = ()) -> Argument:
        values = self.values(actor)
        if values.is_odd():
            name = self.rng.choice(_ODD)
            return Buffer(len(name) + 1, name + b"\0", IN, (), "text") if self.rng.random() < 0.7 else values.bad_address()
        name = self.rng.choice(_SETTABLE + more)
        return Buffer(len(name) + 1, name + b"\0", IN, (), "text")

    def _on(self, actor: int, call: str, *arguments: Argument) -> None:
        """The call on a path, on a link, or on a descriptor."""
        kind = self.rng.choice(("", "", "l", "f"))
        values = self.values(actor)
        target = values.descriptor("file") if kind == "f" else values.path("existing")
        self.add(actor, kind + call, (target, *arguments))

    def _set_attribute(self, actor: int) -> None:
        value = self._list() if self.rng.random() < 0.7 else bytes(self.rng.randrange(256) for _ in range(self.rng.choice((0, 1, 4, 12, 300))))
        size = len(value) if not self.values(actor).is_odd() else self.rng.choice((0, 1, len(value) + 1, 65536, 65537, MASK))
        flags = self.rng.choice((0, 0, 0, 1, 2)) if not self.values(actor).is_odd() else self.rng.choice((3, 4, MASK))
        self._on(actor, "setxattr", self._attribute(actor), Buffer(max(len(value), 1), value, IN), size, flags)

    def _get_attribute(self, actor: int) -> None:
        size = self.rng.choice((0, 4, 28, 44, 100, 4096))
        self._on(actor, "getxattr", self._attribute(actor, _READABLE), Buffer(max(size, 1), b"", OUT, (), "value"), size)

    def _list(self) -> bytes:
        """Mostly a list that is right, as setxattr takes it."""
        entries = [(OWNER, 0), *((USER, self.rng.choice(_IDS)) for _ in range(self.rng.choice((0, 0, 1, 2)))), (OF_GROUP, 0),
                   *((GROUP, self.rng.choice(_IDS)) for _ in range(self.rng.choice((0, 0, 1, 2))))]
        if len(entries) > 2 or self.rng.random() < 0.3:
            entries.append((ACL_MASK, 0))
        entries.append((OTHER, 0))
        if self.rng.random() < 0.12:
            self.rng.choice((lambda: entries.pop(self.rng.randrange(len(entries))), lambda: entries.append(self.rng.choice(entries)),
                             lambda: self.rng.shuffle(entries), lambda: entries.append((64, 0)), entries.clear))()
        allowed = (7, 7, 6, 5, 4, 0, 1, 2, 3) if self.rng.random() < 0.95 else (8, 0x107)
        version = 2 if self.rng.random() < 0.97 else 1
        return struct.pack("<I", version) + b"".join(struct.pack("<HHI", tag, self.rng.choice(allowed), number) for tag, number in entries)
