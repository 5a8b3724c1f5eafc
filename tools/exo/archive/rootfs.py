"""The root file system of a machine, as one cpio archive in build/ that is made again only when its inputs change.

By default it is Debian's busybox-static with a link for each of its applets and the few files of skeleton/. The
package is unpacked, not installed: installing it would remove the user's own busybox.
"""

from __future__ import annotations

import os
import stat

from .. import packages, paths
from ..building import fingerprint
from ..errors import ExoError
from . import cpio

SKELETON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "skeleton")

DEFAULT_IMAGE = "busybox.cpio"
KEPT_IMAGES = 4
MIN_FREE_MEMORY = 8 << 20

# Name and mode, parents first.
FOLDERS = (("bin", 0o755), ("dev", 0o755), ("etc", 0o755), ("home", 0o755), ("mnt", 0o755), ("proc", 0o555),
           ("root", 0o700), ("run", 0o755), ("sbin", 0o755), ("sys", 0o555), ("tmp", 0o1777), ("usr", 0o755),
           ("usr/bin", 0o755), ("usr/local", 0o755), ("usr/local/bin", 0o755), ("usr/sbin", 0o755), ("var", 0o755),
           ("var/log", 0o755), ("var/tmp", 0o1777))


def busybox_path() -> str:
    return paths.in_build("busybox", "bin", "busybox")


def ensure(choice: str | None, limit: int | None = None) -> str:
    """The path of the archive to boot: the default image, or a folder or another archive made into a plain one, or the
    user's own plain archive.

    `limit`: how many bytes of memory the machine has, where it is known, so that no archive is made that cannot fit.
    """
    if choice is None:
        return _ensure_default()
    if os.path.isdir(choice):
        return _ensure_folder(os.path.realpath(choice), limit)
    from . import archives
    return choice if archives.is_plain(choice) else _ensure_archive(os.path.realpath(choice))


def names_of(archive: str):
    """Yields the name, the mode and the link's target of what an archive holds, without reading the files' contents."""
    import mmap
    with open(archive, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for entry in cpio.read(content, archive, cpio.LINKS):
            yield _plain(entry.name), entry.mode, os.fsdecode(entry.data)


def _plain(name: str) -> str:
    while name.startswith(("/", "./")):
        name = name.partition("/")[2]
    return "" if name == "." else name


def _ensure_default() -> str:
    image = paths.in_build("images", DEFAULT_IMAGE)
    stamp = image + ".inputs"
    inputs = [busybox_path(), SKELETON, __file__]
    if os.path.exists(image) and fingerprint.matches(stamp, fingerprint.of(inputs)):
        return image
    from .. import process
    from ..building import build
    with build.FolderLock(os.path.dirname(image)):  # two starts at once fetch it once
        _ensure_busybox()
        current = fingerprint.of(inputs)
        if not (os.path.exists(image) and fingerprint.matches(stamp, current)):
            process.say("making the busybox image")
            _write(image, _filler(_fill_default))
            fingerprint.save(stamp, current)
    return image


def _ensure_busybox() -> None:
    if os.path.exists(busybox_path()):
        return
    os.makedirs(paths.BUILD, exist_ok=True)
    if packages.is_debian():
        packages.download("busybox-static", paths.in_build("busybox"), "bin/busybox")
        return
    found = packages.find_program("busybox")
    from .elf import is_static
    if found is None or not is_static(found):
        raise ExoError("the default image needs a statically linked busybox; put one on PATH as 'busybox', or choose "
                       "another image with --rootfs")
    import shutil
    os.makedirs(os.path.dirname(busybox_path()), exist_ok=True)
    shutil.copy2(found, busybox_path())


def _fill_default(writer: cpio.Writer) -> None:
    from .. import process
    status, listing = process.capture([busybox_path(), "--list-full"])
    applets = [line for line in listing.split("\n") if line]
    if status != 0 or not applets:
        raise ExoError(f"{busybox_path()} --list-full failed (status {status})")
    mtime = int(os.stat(busybox_path()).st_mtime)
    writer.add_directory(".", mtime=mtime)
    for name, mode in FOLDERS:
        writer.add_directory(name, mode, mtime=mtime)
    with open(busybox_path(), "rb") as file:
        writer.add_file("bin/busybox", file.read(), 0o755, mtime=mtime)
    for applet in applets:
        if applet not in ("bin/busybox", "linuxrc"):
            writer.add_symlink(applet, "/bin/busybox", mtime=mtime)
    for name in sorted(os.listdir(os.path.join(SKELETON, "etc"))):
        with open(os.path.join(SKELETON, "etc", name), "rb") as file:
            writer.add_file(f"etc/{name}", file.read(), mtime=mtime)
    writer.add_symlink("etc/mtab", "/proc/mounts", mtime=mtime)


def check_fits(size: int, limit: int) -> None:
    """Errors: ExoError when an archive of `size` bytes leaves too little of `limit` bytes of memory."""
    if size + MIN_FREE_MEMORY > limit:
        needed = -(-(2 * size + MIN_FREE_MEMORY) >> 20)
        raise ExoError(f"the root file system ({size / (1 << 20):.1f} MiB) does not fit into {limit >> 20} MiB of "
                       f"memory; try -m {needed}")


def _ensure_folder(folder: str, limit: int | None) -> str:
    def check() -> None:
        if limit is not None:
            check_fits(_size_of(folder), limit)
    return _ensure_made(folder, [folder, __file__], _filler(lambda writer: add_tree(writer, folder, "")), check)


def _ensure_archive(path: str) -> str:
    from . import archives
    return _ensure_made(path, [path, archives.__file__], lambda file: archives.convert(path, file), lambda: None)


def _ensure_made(source: str, inputs: list[str], fill, check) -> str:
    """`check` is asked before an image is made."""
    import zlib
    name = f"{os.path.basename(source) or 'root'}-{zlib.crc32(os.fsencode(source)):08x}.cpio"
    image = paths.in_build("images", name)
    stamp = image + ".inputs"
    current = f"{source}\n{fingerprint.of(inputs)}"
    if not (os.path.exists(image) and fingerprint.matches(stamp, current)):
        from .. import process
        check()
        process.say(f"making an image of {source}")
        _write(image, fill)
        fingerprint.save(stamp, current)
        _forget_old_images()
    os.utime(image)
    return image


def _size_of(folder: str) -> int:
    """The bytes in all files below a folder; those of a file with several names count once."""
    sizes = {(status.st_dev, status.st_ino): status.st_size for _, _, status in walk(folder, "") if stat.S_ISREG(status.st_mode)}
    return sum(sizes.values())


def _forget_old_images() -> None:
    """Keeps the images of the folders that were used last."""
    folder = paths.in_build("images")
    images = [os.path.join(folder, name) for name in os.listdir(folder)
              if name.endswith(".cpio") and name != DEFAULT_IMAGE]
    for image in sorted(images, key=os.path.getmtime)[:-KEPT_IMAGES]:
        for path in (image, image + ".inputs"):
            if os.path.exists(path):
                os.unlink(path)


def _write(image: str, fill) -> None:
    os.makedirs(os.path.dirname(image), exist_ok=True)
    temporary = f"{image}.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            fill(file)
        os.replace(temporary, image)
    except OSError as error:
        raise ExoError(f"{error.filename or image}: {error.strerror}") from None
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _filler(fill):
    """Makes a function that fills a file out of one that fills an archive."""
    def fill_file(file) -> None:
        writer = cpio.Writer(file)
        fill(writer)
        writer.finish()
    return fill_file


def add_tree(writer: cpio.Writer, folder: str, prefix: str, *, owner: tuple[int, int] | None = None) -> None:
    """Adds everything below `folder` as `prefix/…`.

    Owners are kept when root does it; for anyone else their own files become root's, as in a container image.
    """
    found = sorted(walk(folder, ""))
    links = cpio.HardLinks()
    for _, _, status in found:
        links.expect(status)
    for name, path, status in found:
        uid, gid = (status.st_uid, status.st_gid) if os.geteuid() == 0 else (0, 0)
        writer.add_path(os.path.join(prefix, name), path, status, uid=uid, gid=gid, links=links)


def walk(folder: str, prefix: str):
    """Yields all that is below a folder: its name there, behind `prefix`, its path and its status."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = os.path.join(prefix, entry.name)
            yield name, entry.path, entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield from walk(entry.path, name)
