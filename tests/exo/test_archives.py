"""What --rootfs takes beside folders and plain archives: compressed archives and tar files."""

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import subprocess
import tarfile

import pytest
from exo.archive import archives, cpio
from exo.errors import ExoError

from test_cpio import archive_of


def small(writer: cpio.Writer) -> None:
    writer.add_directory("bin")
    writer.add_file("bin/true", b"x" * 5000, 0o755)


PLAIN = archive_of(small)
EARLY = archive_of(lambda writer: writer.add_file("early", b"1"))


def by_program(*command: str):
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


COMPRESSORS = {
    "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": by_program("zstd", "-qc"), "lz4": by_program("lz4", "-qc"), "old lz4": by_program("lz4", "-qlc"),
    "lzo": by_program("lzop", "-qc"),
}


def compressors():
    for name, compress in COMPRESSORS.items():
        program = {"old lz4": "lz4", "lzo": "lzop"}.get(name, name)
        needs = name in ("zstd", "lz4", "old lz4", "lzo")
        yield pytest.param(compress, id=name, marks=pytest.mark.skipif(
            needs and shutil.which(program) is None, reason=f"no {program} here"))


def converted(tmp_path, data: bytes) -> dict[str, cpio.Entry]:
    (tmp_path / "given").write_bytes(data)
    assert not archives.is_plain(str(tmp_path / "given"))
    with open(tmp_path / "made", "wb") as file:
        archives.convert(str(tmp_path / "given"), file)
    return {entry.name: entry for entry in cpio.read((tmp_path / "made").read_bytes())}


@pytest.mark.parametrize("compress", compressors())
def test_each_compression(tmp_path, compress):
    assert converted(tmp_path, compress(PLAIN))["bin/true"].data == b"x" * 5000
    # As distributions make them: processor microcode comes first, and is not compressed.
    assert list(converted(tmp_path, EARLY + compress(PLAIN))) == ["early", "bin", "bin/true"]


def test_several_streams_are_one_archive(tmp_path):
    half = len(PLAIN) // 2
    for compress in (gzip.compress, bz2.compress, lzma.compress):
        assert list(converted(tmp_path, compress(PLAIN[:half]) + compress(PLAIN[half:]))) == ["bin", "bin/true"]
    assert list(converted(tmp_path, gzip.compress(EARLY) + bytes(40) + lzma.compress(PLAIN) + bytes(4) + EARLY)) == [
        "early", "bin", "bin/true"]


def test_plain_archives_are_taken_as_they_are(tmp_path):
    path = tmp_path / "plain"
    for data in (PLAIN, PLAIN + EARLY, PLAIN + bytes(5000)):
        path.write_bytes(data)
        assert archives.is_plain(str(path))
    # Without a trailer, what is added behind would be part of the same archive.
    assert list(converted(tmp_path, PLAIN[:116] + bytes(200))) == ["bin"]
    assert (tmp_path / "made").read_bytes().rstrip(b"\0").endswith(cpio.TRAILER)


@pytest.mark.parametrize("data, message", [
    (PLAIN[:3000], "cut off: it ends at byte 3000, in bin/true"),
    (gzip.compress(PLAIN)[:60], "its gzip data ends early, at byte 60"),
    (lzma.compress(PLAIN)[:-9], "its xz data ends early"),
    (bz2.compress(PLAIN)[:40] + bytes(40), "its bzip2 data is damaged"),
    (gzip.compress(PLAIN[:3000]), r"\(gzip\): cut off: it ends at byte 3000, in bin/true"),
    (gzip.compress(b"hello"), "neither a newc cpio archive nor a tar archive is in it"),
    (EARLY + b"rubbish", "no cpio archive at offset"),
    (b"hello", "neither a folder"), (b"", "neither a folder"),
])
def test_what_cannot_be_used(tmp_path, data, message):
    path = tmp_path / "given"
    path.write_bytes(data)
    with pytest.raises(ExoError, match=message), open(tmp_path / "made", "wb") as file:
        if not archives.is_plain(str(path)):
            archives.convert(str(path), file)


def test_a_program_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExoError, match="there is no zstd here to unpack it: 'apt-get install zstd' brings it"):
        converted(tmp_path, b"\x28\xb5\x2f\xfd rest")


# ---- tar

def tar_of(fill, **options) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as tar:
        fill(tar)
    return stream.getvalue()


def add(tar: tarfile.TarFile, name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", **fields) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.mtime = kind, len(data), 1000
    for key, value in fields.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(data))


def each_kind(tar: tarfile.TarFile) -> None:
    add(tar, "./", tarfile.DIRTYPE, mode=0o700)
    add(tar, "./usr/bin", tarfile.DIRTYPE, mode=0o755)
    add(tar, "bin", tarfile.SYMTYPE, linkname="usr/bin")
    add(tar, "/bin/tool", data=b"t" * 700, mode=0o4755, uid=5, gid=6)
    add(tar, "other", tarfile.LNKTYPE, linkname="bin/tool")
    add(tar, "null", tarfile.CHRTYPE, mode=0o666, devmajor=1, devminor=3)
    add(tar, "pipe", tarfile.FIFOTYPE)
    add(tar, "long/" + "n" * 200, data=b"1")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar(tmp_path, pack, layout):
    if layout == tarfile.USTAR_FORMAT:
        fill = lambda tar: each_kind_but_the_last(tar)  # noqa: E731
    else:
        fill = each_kind
    found = converted(tmp_path, pack(tar_of(fill, format=layout)))
    assert list(found)[:5] == [".", "usr", "usr/bin", "bin", "bin/tool"], "folders that are missing are added"
    tool, other = found["bin/tool"], found["other"]
    assert (tool.mode, tool.uid, tool.gid, tool.mtime, tool.data) == (stat.S_IFREG | 0o4755, 5, 6, 1000, b"t" * 700)
    assert (tool.inode, tool.links, other.links, other.data) == (other.inode, 2, 2, b"")
    assert found["bin"].data == b"usr/bin" and found["."].mode == stat.S_IFDIR | 0o700
    assert found["null"].device == (1, 3) and stat.S_ISFIFO(found["pipe"].mode)


def each_kind_but_the_last(tar: tarfile.TarFile) -> None:
    """The oldest format has no room for a long name."""
    each_kind_tar = tarfile.open(fileobj=io.BytesIO(tar_of(each_kind)))
    for member in each_kind_tar.getmembers()[:-1]:
        tar.addfile(member, each_kind_tar.extractfile(member) if member.isreg() else None)


@pytest.mark.parametrize("damage, message", [
    (lambda data: data[:5 * 512 - 100], "ends at byte 2460"), (lambda data: data[:4 * 512 + 100], "ends at byte 2148"),
    (lambda data: data[:512] + b"rubbish" + data[519:], "no tar header at offset 512"),
])
def test_a_damaged_tar(tmp_path, damage, message):
    with pytest.raises(ExoError, match=message):
        converted(tmp_path, damage(tar_of(each_kind)))


def test_tar_names_that_lead_elsewhere(tmp_path):
    with pytest.raises(ExoError, match="leads out of the archive"):
        converted(tmp_path, tar_of(lambda tar: add(tar, "../x")))
    with pytest.raises(ExoError, match="does not come before it"):
        converted(tmp_path, tar_of(lambda tar: add(tar, "x", tarfile.LNKTYPE, linkname="y")))


def test_the_image_is_made_once(tmp_path):
    from exo import paths
    from exo.archive import rootfs
    archive = tmp_path / "once.cpio.gz"
    archive.write_bytes(gzip.compress(PLAIN))
    image = rootfs.ensure(str(archive))
    before = os.stat(image)
    assert image.startswith(paths.in_build("images")) and rootfs.ensure(str(archive)) == image
    assert os.stat(image).st_ino == before.st_ino
    archive.write_bytes(gzip.compress(EARLY))
    assert [entry.name for entry in cpio.read(open(rootfs.ensure(str(archive)), "rb").read())] == ["early"]
    for path in (image, image + ".inputs"):
        os.unlink(path)
