"""Names: deep folders, long access control lists, links that lead through links, and other users who walk through all of them.

What a path costs is what its maker chooses: each folder on the way may have a list of thousands of entries that say nothing of the
caller, each link the longest text.
"""

from __future__ import annotations

import random
import struct

from campaign.hostile.nasty import CLONE_FILES, CLONE_FS, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, SHARED, NastyMaker, Stepper, family
from campaign.rules.attribute_rules import ACCESS, ACL_MASK, DEFAULT, GROUP, OF_GROUP, OTHER, OWNER, USER
from campaign.sequences.model import PAGE
from campaign.sequences.sequence import CALL_LOAD, IN, OUT, Argument, Buffer
from campaign.sequences.values import AT_FDCWD, MASK

LONGEST_LIST = 65536
LONGEST_PATH = 4095
FIRST_FREE_ID = 2000  # no caller has this identity or a later one
O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DIRECTORY, O_PATH = 0, 2, 0o100, 0o200, 0o200000, 0o10000000


def make(maker: NastyMaker, rng: random.Random) -> None:
    namer = _begin(maker, rng)
    if rng.random() < 0.6:
        maker.fork(0)
    for _ in range(rng.randrange(20, 60)):
        namer.step(rng.choice(maker.world.living() or [0]))


def make_race(maker: NastyMaker, rng: random.Random) -> int:
    namer = _begin(maker, rng)
    return namer.race(family(maker, 4, rng.choice((0, CLONE_FS, CLONE_FS | CLONE_FILES))), 40, 120)


def _begin(maker: NastyMaker, rng: random.Random) -> Namer:
    maker.is_nasty = rng.random() < 0.2
    namer = Namer(maker)
    namer.load_list(0)
    for _ in range(rng.choice((1, 5, 20, 50))):
        namer.go_deeper(0)
        if rng.random() < 0.7:
            namer.give_list(0)
    if rng.random() < 0.7:
        namer.ask_as_another(0)
    return namer


class Namer(Stepper):
    """Makes calls about the names below the folder in which the actors begin."""

    def __init__(self, maker: NastyMaker) -> None:
        super().__init__(maker)
        self._names = [b"d"]
        self._list_size = 0
        self.steps = ((self.go_deeper, 6), (self.give_list, 8), (self.ask, 30), (self.link, 8), (self.make_file, 6), (self.rename, 5),
                      (self.remove, 5), (self.load_list, 1), (self.ask_as_another, 3), (self.change_mode, 4), (self.change_folder, 1))

    # ---- Paths

    def _path(self, last: bytes = b"") -> Argument:
        """Into one of the folders, mostly a deep one, at times by detours."""
        rng = self.rng
        names = self._names[:rng.choice((len(self._names), len(self._names), rng.randint(1, len(self._names))))]
        if rng.random() < 0.1:
            names = [part for name in names for part in (name, b"..", name, b".")]
        if rng.random() < 0.1:
            names = [b"link%d" % rng.randrange(4), *names[1:]]
        path = (b"/" * rng.choice((1, 1, 1, 2))).join([*names, *([last] if last else [])])
        if rng.random() < 0.03:
            path = path.ljust(rng.choice((LONGEST_PATH, LONGEST_PATH + 1)), b"/")
        return Buffer(len(path) + 1, path + b"\0", IN, (), "path")

    def _any_path(self) -> Argument:
        return self._path(self.rng.choice((b"", b"", b"file", b"link0", b"link1", b"gone")))

    def go_deeper(self, actor: int) -> None:
        name = self.rng.choice((b"d", b"e", b"e%d" % len(self._names), b"long" * self.rng.choice((10, 63))))
        if len(b"/".join(self._names)) + len(name) < LONGEST_PATH:
            self._names.append(name)
        path = b"/".join(self._names)
        self.maker.add(actor, "mkdir", (Buffer(len(path) + 1, path + b"\0", IN, (), "path"), 0o755))

    def link(self, actor: int) -> None:
        text = b"/".join(self._names) if self.rng.random() < 0.5 else b"./" * 2000 + b"link%d" % self.rng.randrange(4)
        target = Buffer(len(text) + 1, text + b"\0", IN, (), "path")
        self.maker.add(actor, self.rng.choice(("symlink", "symlink", "link")), (target, self._path(b"link%d" % self.rng.randrange(4))))

    def make_file(self, actor: int) -> None:
        self.maker.add(actor, "open", (self._path(b"file"), O_RDWR | O_CREAT | self.rng.choice((0, O_EXCL)), self.rng.choice((0o644, 0o4755))))

    def rename(self, actor: int) -> None:
        self.maker.add(actor, "rename", (self._any_path(), self._any_path()))

    def remove(self, actor: int) -> None:
        self.maker.add(actor, self.rng.choice(("unlink", "rmdir")), (self._any_path(),))

    # ---- Who may

    def load_list(self, actor: int) -> None:
        """A list for setxattr, of many entries that nobody matches."""
        rng = self.rng
        room = (rng.choice((LONGEST_LIST, LONGEST_LIST, LONGEST_LIST // 2, 400)) - 4) // 8 - 4
        tag = rng.choice((USER, GROUP))
        others = [(tag, 7, FIRST_FREE_ID + index) for index in range(room)]
        own = (OF_GROUP, 7, MASK & 0xFFFFFFFF)
        entries = [(OWNER, 7, 0), *((*others, own) if tag == USER else (own, *others)), (ACL_MASK, 7, 0), (OTHER, rng.choice((0, 5, 7)), 0)]
        data = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
        self._list_size = len(data)
        pages = -(-len(data) // PAGE)
        self.maker.add(actor, "mmap", (SHARED, pages * PAGE, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, MASK, 0))
        self.maker.add(actor, "load", (SHARED, Buffer(len(data), data), len(data)), number=CALL_LOAD)

    def give_list(self, actor: int) -> None:
        name = self.rng.choice((ACCESS, ACCESS, DEFAULT))
        if self.rng.random() < 0.1:
            self.maker.add(actor, "removexattr", (self._path(), Buffer(len(name) + 1, name + b"\0", IN, (), "text")))
            return
        path = b"/".join(self._names)
        target = Buffer(len(path) + 1, path + b"\0", IN, (), "path") if self.rng.random() < 0.7 else self._any_path()
        self.maker.add(actor, "setxattr", (target, Buffer(len(name) + 1, name + b"\0", IN, (), "text"), SHARED, self._list_size, 0))

    def ask_as_another(self, actor: int) -> None:
        identity = self.rng.choice((0, 1000, 1000, 1001))
        if self.rng.random() < 0.4:
            groups = struct.pack("<32I", *range(100, 132))
            self.maker.add(actor, "setgroups", (32, Buffer(len(groups), groups)))
        self.maker.add(actor, self.rng.choice(("setfsuid", "setfsuid", "setresuid")), (identity,) * 3)

    def change_mode(self, actor: int) -> None:
        self.maker.add(actor, "chmod", (self._any_path(), self.rng.choice((0o755, 0o700, 0o070, 0o777, 0o1777, 0o2755, 0))))

    # ---- What walks

    def ask(self, actor: int) -> None:
        path = self._any_path()
        name = self.rng.choice(("stat", "stat", "lstat", "access", "open", "openat", "readlink", "getxattr", "execveat", "truncate"))
        if name in ("stat", "lstat"):
            self.maker.add(actor, name, (path, Buffer(144, b"", OUT)))
        elif name == "access":
            self.maker.add(actor, name, (path, self.rng.randrange(8)))
        elif name == "open":
            self.maker.add(actor, name, (path, self.rng.choice((O_RDONLY, O_PATH, O_RDONLY | O_DIRECTORY)), 0))
        elif name == "openat":
            self.maker.add(actor, name, (AT_FDCWD, path, O_RDWR, 0))
        elif name == "getxattr":
            self.maker.add(actor, name, (path, Buffer(len(ACCESS) + 1, ACCESS + b"\0", IN, (), "text"), SHARED, self.rng.choice((0, self._list_size))))
        elif name == "truncate":
            self.maker.add(actor, name, (path, self.rng.choice((0, PAGE))))
        elif name == "execveat":
            self.maker.add(actor, name, (AT_FDCWD, path, 0, 0, 0))
        else:
            self.maker.add(actor, "readlink", (path, Buffer(4096, b"", OUT), 4096))

    def change_folder(self, actor: int) -> None:
        self.maker.add(actor, "chdir", (self._path(),))
