"""The members of tar archives as entries of a newc archive."""

from __future__ import annotations

import os
import stat

from ..errors import ExoError
from . import cpio


# How tar programs keep extended attributes in pax records (star(1), GNU tar's manual).
XATTR = "SCHILY.xattr."


def extended_attributes(member) -> dict[str, bytes]:
    return {key[len(XATTR):]: value.encode("utf-8", "surrogateescape") for key, value in member.pax_headers.items()
            if key.startswith(XATTR)}


def exact_time(member) -> tuple[int, int]:
    """The time of modification in seconds and nanoseconds. tarfile keeps a float, which holds no nanoseconds."""
    seconds, _, fraction = member.pax_headers.get("mtime", "").partition(".")
    if not seconds.isdigit() or not fraction.isdigit():
        return max(int(member.mtime), 0), 0
    return int(seconds), int(fraction[:9].ljust(9, "0"))


class Converter:
    """Writes the members of one or several tar archives into one cpio archive; of two members of one name the later one counts.

    `place` says where a name goes, both of a member and of a hard link's target. `note` is told each regular file: its name in the
    archive and a function that opens its content.
    """

    def __init__(self, writer: cpio.Writer, place=lambda name: name, note=None) -> None:
        self._writer = writer
        self._place = place
        self._note = note
        self.present: set[str] = {""}

    def add(self, tar, members: list, path: str) -> None:
        """`members` of the open `tar`; `path` names it in messages. Errors: ExoError for a name that leads out of it, a link to
        nothing, and a kind that only this tar knows."""
        self._tar = tar
        self._path = path
        self._members = members
        self._links: dict[int, list[int]] = {}  # a member's number: its other names' count, and its inode once written
        names = [self._name(member.name) for member in members]
        targets = self._find_targets(names)
        for number, (member, name) in enumerate(zip(members, names)):
            if not name:
                if member.isdir():
                    self._add(".", stat.S_IFDIR, member)
                continue
            self._add_parents(name)
            self._add_member(name, member, targets.get(number, number))
            if number not in targets:
                self._add_attributes(name, member)
            self.present.add(name)

    def _name(self, text: str) -> str:
        name = os.path.normpath(text.lstrip("/")) if text.strip("/") else ""
        if name == ".." or name.startswith("../"):
            raise ExoError(f"{self._path}: the name {text} leads out of the archive")
        return self._place("" if name == "." else name)

    def _find_targets(self, names: list[str]) -> dict[int, int]:
        """For each hard link the number of the member that it is another name of, and how many names that one has."""
        latest: dict[str, int] = {}
        targets: dict[int, int] = {}
        for number, (member, name) in enumerate(zip(self._members, names)):
            if member.islnk():
                target = latest.get(self._name(member.linkname))
                if target is None:
                    raise ExoError(f"{self._path}: {name} is a link to {member.linkname}, which does not come before it")
                targets[number] = target
                self._links.setdefault(target, [1, 0])[0] += 1
            latest[name] = targets.get(number, number)
        return targets

    def _add_parents(self, name: str) -> None:
        parent = os.path.dirname(name)
        if parent not in self.present:
            self._add_parents(parent)
            self._writer.add_directory(parent)
            self.present.add(parent)

    def _add_member(self, name: str, member, target: int) -> None:
        original = self._members[target]
        if original.isdir():
            self._add(name, stat.S_IFDIR, original)
        elif original.issym():
            self._add(name, stat.S_IFLNK, original, os.fsencode(original.linkname))
        elif original.ischr() or original.isblk():
            self._add(name, stat.S_IFCHR if original.ischr() else stat.S_IFBLK, original,
                      device=os.makedev(original.devmajor, original.devminor))
        elif original.isfifo():
            self._add(name, stat.S_IFIFO, original)
        elif original.isreg():
            self._add_file(name, original, target, has_content=original is member)
        else:
            raise ExoError(f"{self._path}: {name} is of a kind that only this tar knows ({original.type!r})")

    def _add_attributes(self, name: str, member) -> None:
        self._writer.add_attributes(name, *exact_time(member), extended_attributes(member))

    def _add(self, name: str, kind: int, member, data: bytes = b"", device: int = 0) -> None:
        self._writer.add(name, kind | member.mode & 0o7777, data, uid=member.uid, gid=member.gid,
                         mtime=max(int(member.mtime), 0), device=device)

    def _add_file(self, name: str, member, number: int, has_content: bool) -> None:
        links = self._links.get(number, [1, 0])
        links[1] = links[1] or self._writer.new_inode()
        size = member.size if has_content else 0
        if self._note:
            self._note(name, lambda: self._tar.extractfile(member))
        self._writer.add_stream(name, stat.S_IFREG | member.mode & 0o7777, size,
                                self._tar.extractfile(member) if size else None, uid=member.uid, gid=member.gid,
                                mtime=max(int(member.mtime), 0), inode=links[1], links=links[0],
                                source=f"{self._path}: {name}")
