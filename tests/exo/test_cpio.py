"""The archive writer against its reader and against GNU cpio."""

import io
import os
import stat
import subprocess

import pytest
from exo.archive import cpio, rootfs
from exo.errors import ExoError


def archive_of(fill) -> bytes:
    stream = io.BytesIO()
    writer = cpio.Writer(stream)
    fill(writer)
    writer.finish()
    return stream.getvalue()


def sample(writer: cpio.Writer) -> None:
    writer.add_directory("tmp", 0o1777)
    writer.add_file("tmp/three", b"abc", 0o640, mtime=1234567890)
    writer.add_file("tmp/empty", b"")
    writer.add_symlink("link", "tmp/three")
    writer.add("null", stat.S_IFCHR | 0o666, device=os.makedev(1, 3))


def test_what_is_written_is_read():
    entries = {entry.name: entry for entry in cpio.read(archive_of(sample))}
    assert list(entries) == ["tmp", "tmp/three", "tmp/empty", "link", "null"]
    assert entries["tmp"].mode == stat.S_IFDIR | 0o1777
    assert (entries["tmp/three"].data, entries["tmp/three"].mtime) == (b"abc", 1234567890)
    assert entries["link"].data == b"tmp/three" and stat.S_ISLNK(entries["link"].mode)
    assert entries["null"].device == (1, 3)


def test_every_length_is_padded():
    for length in range(9):
        archive = archive_of(lambda writer: [writer.add_file("n" * (length + 1), b"d" * length),
                                             writer.add_file("last", b"end")])
        assert len(archive) % 512 == 0
        assert [entry.data for entry in cpio.read(archive)] == [b"d" * length, b"end"]


def test_archives_follow_each_other():
    twice = archive_of(sample) + archive_of(lambda writer: writer.add_file("more", b"x"))
    assert [entry.name for entry in cpio.read(twice)][-1] == "more"


def test_gnu_cpio_reads_it(tmp_path):
    subprocess.run(["cpio", "-i", "-d", "--quiet", "--no-absolute-filenames"], input=archive_of(
        lambda writer: [writer.add_directory("d", 0o750), writer.add_file("d/f", b"text", 0o600),
                        writer.add_symlink("d/l", "f")]), cwd=tmp_path, check=True)
    assert (tmp_path / "d" / "l").read_bytes() == b"text"
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750


def test_a_tree_with_hard_links(tmp_path):
    (tmp_path / "a").write_bytes(b"shared")
    os.link(tmp_path / "a", tmp_path / "b")
    os.link(tmp_path / "a", tmp_path.parent / "outside-of-the-tree")
    (tmp_path / "c").write_bytes(b"own")
    entries = {entry.name: entry for entry in
               cpio.read(archive_of(lambda writer: rootfs.add_tree(writer, str(tmp_path), "")))}
    (tmp_path.parent / "outside-of-the-tree").unlink()
    assert entries["a"].inode == entries["b"].inode != entries["c"].inode
    assert (entries["a"].links, entries["a"].data, entries["b"].data) == (2, b"", b"shared")
    assert entries["c"].links == 1


def test_a_file_that_shrinks_is_noticed(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    status = path.stat()
    path.write_bytes(b"1")
    with pytest.raises(ExoError, match="became shorter"):
        archive_of(lambda writer: writer.add_path("file", str(path), status, uid=0, gid=0))


@pytest.mark.parametrize("damage", [lambda data: data[:50], lambda data: data[:300], lambda data: b"X" + data[1:],
                                    lambda data: data[:20] + b"zz" + data[22:]])
def test_malformed_archives(damage):
    with pytest.raises(ExoError):
        list(cpio.read(damage(archive_of(sample))))


def test_a_cut_archive_says_where_it_ends():
    whole = archive_of(lambda writer: [writer.add_file("first", b"x" * 100), writer.add_file("second", b"y" * 100)])
    assert [entry.name for entry in cpio.read(whole[:216])] == ["first"], "a trailer need not be there"
    for length, where in ((150, "in first"), (300, "middle of a header"), (340, "in second")):
        with pytest.raises(ExoError, match=f"ends at byte {length}, .*{where}"):
            list(cpio.read(whole[:length]))


def test_texts_end_at_a_nul():
    archive = archive_of(lambda writer: writer.add_file("name\0\0\0", b"x"))
    assert [entry.name for entry in cpio.read(archive)] == ["name"]
