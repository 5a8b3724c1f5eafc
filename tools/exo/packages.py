"""What has to be installed, why, and how it gets there on Debian.

Two sets: `run` is all that a first `./exo run` needs, `test` comes on top for `./exo test` and `./exo check`.
Whether a package is there is seen by one file of it, which takes microseconds and also works where a tool was
installed without a package.
"""

from __future__ import annotations

import os

from . import paths
from .errors import ExoError


class Package:
    """One Debian package: a file that it brings, and what the project needs it for."""

    __slots__ = ("name", "probe", "why")

    def __init__(self, name: str, probe: str, why: str) -> None:
        self.name = name
        self.probe = probe
        self.why = why

    def is_there(self) -> bool:
        """A probe in a `bin` folder may also be found elsewhere on PATH."""
        folder, program = os.path.split(self.probe)
        return os.path.exists(self.probe) or (folder.endswith("bin") and find_program(program) is not None)


QEMU = Package("qemu-system-x86", "/usr/bin/qemu-system-x86_64", "the machine")

PASST = Package("passt", "/usr/bin/passt", "the machine's network (--network user)")

RUN = (
    QEMU,
    Package("clang-19", "/usr/bin/clang++-19", "the compiler"),
    Package("lld-19", "/usr/bin/ld.lld-19", "the linker"),
    Package("llvm-19", "/usr/bin/llvm-objcopy-19", "tools for object files"),
    Package("libc++-19-dev", "/usr/lib/llvm-19/include/c++/v1/expected", "the standard library's headers"),
    Package("libclang-rt-19-dev", "/usr/lib/llvm-19/lib/clang/19/lib/linux", "the compiler's run-time library"),
    Package("cmake", "/usr/bin/cmake", "the build's description"),
    Package("ninja-build", "/usr/bin/ninja", "the build"),
)

TEST = (
    Package("libc++abi-19-dev", "/usr/lib/llvm-19/lib/libc++abi.a", "hosted unit tests"),
    Package("googletest", "/usr/src/googletest/CMakeLists.txt", "hosted unit tests"),
    Package("clang-tidy-19", "/usr/bin/clang-tidy-19", "the check of names"),
    Package("clang-format-19", "/usr/bin/clang-format-19", "the check of formatting"),
    Package("git", "/usr/bin/git", "which files changed"),
    Package("musl-tools", "/usr/bin/musl-gcc", "static test programs"),
    Package("gcc", "/usr/bin/gcc", "static test programs, checkers that spin writes"),
    Package("spin", "/usr/bin/spin", "models of the protocols"),
    Package("skopeo", "/usr/bin/skopeo", "container images in all their forms, for tests of --image"),
    Package("zstd", "/usr/bin/zstd", "layers of container images that zstd has compressed"),
    Package("cpio", "/usr/bin/cpio", "root file systems for tests"),
    Package("gdb", "/usr/bin/gdb", "./exo debug"),
    Package("grub-common", "/usr/bin/grub-mkrescue", "images that GRUB boots, for tests"),
    Package("grub-pc-bin", "/usr/lib/grub/i386-pc/multiboot2.mod", "GRUB under BIOS"),
    Package("grub-efi-amd64-bin", "/usr/lib/grub/x86_64-efi/multiboot2.mod", "GRUB under UEFI"),
    Package("xorriso", "/usr/bin/xorriso", "images that GRUB boots"),
    Package("mtools", "/usr/bin/mformat", "images that GRUB boots"),
    Package("ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd", "UEFI for the test machine"),
    PASST,
    Package("python3-pytest", "/usr/lib/python3/dist-packages/pytest", "tests of the exo command"),
    Package("python3-pexpect", "/usr/lib/python3/dist-packages/pexpect", "tests of the shell on a terminal"),
)


def find_program(name: str) -> str | None:
    """The path of a program as a shell would find it (shutil.which costs 5 ms to import)."""
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    return None


def missing(packages: tuple[Package, ...]) -> list[Package]:
    return [package for package in packages if not package.is_there()]


def is_debian(os_release: str = "/etc/os-release") -> bool:
    """os-release(5): ID is the system, ID_LIKE those it derives from."""
    names: list[str] = []
    try:
        with open(os_release, encoding="utf-8") as file:
            for line in file:
                key, _, value = line.strip().partition("=")
                if key in ("ID", "ID_LIKE"):
                    names += value.strip("\"'").split()
    except OSError:
        return False
    return "debian" in names


def ensure(packages: tuple[Package, ...], purpose: str) -> None:
    """Makes sure that the packages are there, saying on standard error what is installed and why.

    Errors: ExoError with the list of what is needed, where this program cannot install it.
    """
    absent = missing(packages)
    if not absent:
        return
    if not is_debian() or find_program("apt-get") is None:
        raise ExoError(f"{purpose} needs these, which are not on this system (the names are those of Debian's "
                       f"packages):\n" + describe(absent))
    from . import process
    process.say(f"{purpose} needs {len(absent)} more package{'s' if len(absent) > 1 else ''}:\n" + describe(absent))
    _install([package.name for package in absent])
    still = missing(tuple(absent))
    if still:
        raise ExoError("apt-get succeeded, but these are still not found:\n" + describe(still))


def describe(packages: list[Package]) -> str:
    width = max(len(package.name) for package in packages)
    return "\n".join(f"  {package.name.ljust(width)}  {package.why}" for package in packages)


LOG = "packages"
MEGABYTE = 1_000_000
MUCH = 20  # megabytes


def _install(names: list[str]) -> None:
    from . import process, progress
    prefix: list[str] = []
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
    if os.geteuid() != 0:
        if find_program("sudo") is None:
            raise ExoError("not root, and there is no sudo; as root: apt-get install " + " ".join(names))
        prefix = ["sudo"]
        process.say("installing them with sudo")
    # The lists may be missing (a fresh system) or old (a package that has been superseded): bring them first.
    _update_lists(prefix)
    status, uris = process.capture([*install, "--print-uris", "-qq", *names])
    sizes = [int(words[2]) for words in map(str.split, uris.split("\n")) if len(words) >= 3 and words[2].isdigit()]
    if status == 0:
        megabytes = sum(sizes) / MEGABYTE
        duration = ", which usually takes one to three minutes" if megabytes > MUCH else ""
        process.say(f"fetching {megabytes:.1f} MB (packages: {len(sizes)}) and installing them{duration}")
    line = progress.Progress("installing packages")
    steps = _Steps(line, len(sizes))
    try:
        progress.run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", *install, *names], "apt-get install", LOG,
                     steps.take)
    finally:
        line.close()


class _Steps:
    """Counts what apt-get says that it does; each package is fetched, unpacked and set up."""

    STAGES = (("Get:", "fetching"), ("Unpacking ", "unpacking"), ("Setting up ", "setting up"))

    def __init__(self, line, total: int) -> None:
        self._line = line
        self._total = total
        self._done = dict.fromkeys((stage for _, stage in self.STAGES), 0)

    def take(self, text: str) -> None:
        for start, stage in self.STAGES:
            if text.startswith(start):
                self._done[stage] += 1
                self._line.show(stage, f" {self._done[stage]} of {max(self._total, self._done[stage])}")


def _update_lists(prefix: list[str]) -> None:
    from . import progress
    line = progress.Progress("apt-get update")
    line.show("bringing the lists of packages")
    try:
        progress.run([*prefix, "apt-get", "update", "-q"], "apt-get update", LOG)
    finally:
        line.close()


def download(name: str, folder: str, wanted: str) -> None:
    """Unpacks a Debian package into `folder` without installing it, unless `wanted` (a pattern of glob) is in there.

    Of several that ask for one folder at the same time, one fetches and the others wait for it. Whoever sees `wanted` sees all.
    Errors: ExoError when apt cannot fetch the package, or it holds no `wanted`.
    """
    from . import process, progress
    import fcntl
    import glob
    import shutil
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # dropped when the file is closed, or its holder ends (flock(2))
        if glob.glob(os.path.join(folder, wanted)):
            return
        process.say(f"fetching {name} (unpacked into {os.path.relpath(folder, paths.ROOT)}, not installed)")
        scratch = folder + ".download"
        shutil.rmtree(scratch, ignore_errors=True)
        os.makedirs(scratch)
        fetch = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name]
        if process.capture(fetch, cwd=scratch)[0] != 0:
            _update_lists([] if os.geteuid() == 0 else ["sudo"])
            progress.run(fetch, f"downloading {name}", LOG, cwd=scratch)
        archives = glob.glob(os.path.join(scratch, "*.deb"))
        if not archives:
            raise ExoError(f"apt-get download {name} brought no package")
        unpacked = os.path.join(scratch, "tree")
        progress.run(["dpkg", "-x", archives[0], unpacked], f"unpacking {name}", LOG)
        if not glob.glob(os.path.join(unpacked, wanted)):
            raise ExoError(f"the package {name} has no {wanted} in it (see {os.path.relpath(scratch, paths.ROOT)})")
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(unpacked, folder)
        shutil.rmtree(scratch)
