"""Layers of a container image, one above the other, as one tree, and that tree as a boot archive.

Sources: the OCI image specification, layer.md (whiteouts, opaque folders, hard links) and config.md.
"""

from __future__ import annotations

import os
import stat
import tarfile

from ..archive import cpio
from ..archive.tar_entries import exact_time, extended_attributes
from ..errors import ExoError

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
MOST_MEMBERS = 1_000_000
MOST_BYTES = 8 << 30  # of all layers, unpacked
MOST_LINKS = 40  # symbolic links on one way, as Linux has it
PLAIN_FOLDER = stat.S_IFDIR | 0o755


class Node:
    """A file of any kind: what its archive says of it, and for a folder what is in it. Hard links are one node with several names."""

    __slots__ = ("member", "tar", "children", "layer", "names", "inode")

    def __init__(self, member, tar, layer: int) -> None:
        self.member = member  # None: a folder that no layer describes
        self.tar = tar
        self.layer = layer
        self.children: dict[str, Node] | None = {} if member is None or member.isdir() else None
        self.names = 0  # how many the tree has, counted before it is written
        self.inode = 0


class Tree:
    """Layers are added from the lowest to the highest."""

    def __init__(self) -> None:
        self.root = Node(None, None, -1)
        self._members = 0
        self._bytes = 0

    def add(self, tar: tarfile.TarFile, layer: int, path: str) -> None:
        """`layer`: its number, the lowest 0; `path` names it in messages.

        Errors: ExoError for names that lead out of the root, links to nothing, and more than a machine can hold.
        """
        for member in tar:
            self._members += 1
            self._bytes += member.size
            if self._members > MOST_MEMBERS or self._bytes > MOST_BYTES:
                raise ExoError(f"{path}: the image has more than {MOST_MEMBERS} files or {MOST_BYTES >> 30} GiB")
            self._add(member, tar, layer, path)

    def _add(self, member, tar, layer: int, path: str) -> None:
        parts = _parts(member.name, path)
        if not parts:
            if member.isdir():
                self.root.member, self.root.tar = member, tar
            return
        folder = self._folder(parts[:-1], layer, path)
        name = parts[-1]
        assert folder.children is not None
        if name == OPAQUE:
            _forget_below(folder, layer)
        elif name.startswith(WHITEOUT):
            hidden = name[len(WHITEOUT):]
            old = folder.children.get(hidden)
            if old is not None and old.children is not None and _newest(old) == layer:
                _forget_below(old, layer)  # this layer has made it anew
            elif old is not None and old.layer < layer:
                del folder.children[hidden]
        elif member.islnk():
            target = self._find(_parts(member.linkname, path), path)
            if target is None or target.children is not None:
                raise ExoError(f"{path}: {member.name} is a hard link to {member.linkname}, which is no file below it")
            folder.children[name] = target
        else:
            old = folder.children.get(name)
            if old is not None and old.children is not None and member.isdir():
                old.member, old.tar, old.layer = member, tar, layer
            else:
                folder.children[name] = Node(member, tar, layer)

    def _folder(self, parts: list[str], layer: int, path: str) -> Node:
        """The folder at `parts`, through symbolic links, as it is where a layer is unpacked into a root; made where it is missing."""
        here, way, links = self.root, [self.root], 0
        left = list(reversed(parts))
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if len(way) > 1:
                    way.pop()
                here = way[-1]
                continue
            assert here.children is not None
            child = here.children.get(part)
            if child is not None and child.children is None and child.member.issym():
                links += 1
                if links > MOST_LINKS:
                    raise ExoError(f"{path}: too many symbolic links on the way to {'/'.join(parts)}")
                target = child.member.linkname
                if target.startswith("/"):
                    here, way = self.root, [self.root]
                left += reversed(target.split("/"))
                continue
            if child is None or child.children is None:
                child = here.children[part] = Node(None, None, layer)
            here = child
            way.append(here)
        return here

    def _find(self, parts: list[str], path: str) -> Node | None:
        if not parts:
            return self.root
        folder = self._folder(parts[:-1], -1, path)
        assert folder.children is not None
        return folder.children.get(parts[-1])

    def read(self, name: str) -> bytes:
        """A small file's content; nothing where there is none. Links are not followed."""
        node = self._find(_parts(name, name), name)
        if node is None or node.member is None or not node.member.isreg() or node.member.size > 1 << 20:
            return b""
        file = node.tar.extractfile(node.member)
        return file.read() if file else b""

    def write(self, output) -> None:
        """The tree as a newc archive."""
        writer = cpio.Writer(output)
        for _, node in self._walk():
            node.names += 1
        for name, node in self._walk():
            is_first = not node.inode
            _write(writer, name, node)
            if node.member is not None and is_first:
                writer.add_attributes(name, *exact_time(node.member), extended_attributes(node.member))
        writer.finish()

    def _walk(self):
        left = [(".", self.root)]
        while left:
            name, node = left.pop()
            yield name, node
            if node.children is not None:
                prefix = "" if name == "." else f"{name}/"
                left += [(prefix + child, below) for child, below in sorted(node.children.items(), reverse=True)]


def _parts(name: str, path: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ExoError(f"{path}: the name {name} leads out of the root")
    return parts


def _newest(node: Node) -> int:
    """The highest layer that anything in a folder is of."""
    newest, left = node.layer, [node]
    while left:
        here = left.pop()
        newest = max(newest, here.layer)
        left += (here.children or {}).values()
    return newest


def _forget_below(folder: Node, layer: int) -> None:
    """Takes away what lower layers have in a folder."""
    assert folder.children is not None
    for name, child in list(folder.children.items()):
        if child.children is not None and _newest(child) == layer:
            _forget_below(child, layer)
        elif child.layer < layer:
            del folder.children[name]


def _write(writer: cpio.Writer, name: str, node: Node) -> None:
    member = node.member
    if member is None:
        writer.add_directory(name)
        return
    values = {"uid": member.uid, "gid": member.gid, "mtime": max(int(member.mtime), 0)}
    mode = member.mode & 0o7777
    if member.isdir():
        writer.add(name, stat.S_IFDIR | mode, **values)
    elif member.issym():
        writer.add(name, stat.S_IFLNK | mode, os.fsencode(member.linkname), **values)
    elif member.ischr() or member.isblk():
        writer.add(name, (stat.S_IFCHR if member.ischr() else stat.S_IFBLK) | mode, device=os.makedev(member.devmajor, member.devminor),
                   **values)
    elif member.isfifo():
        writer.add(name, stat.S_IFIFO | mode, **values)
    elif member.isreg():
        size = 0 if node.inode else member.size  # of several names of one file the first carries the data
        node.inode = node.inode or writer.new_inode()
        writer.add_stream(name, stat.S_IFREG | mode, size, node.tar.extractfile(member) if size else None, inode=node.inode,
                          links=node.names, source=name, **values)
    else:
        raise ExoError(f"{name} is of a kind that only its layer's archive knows ({member.type!r})")
