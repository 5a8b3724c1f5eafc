"""Debian's own kernel, the peer that Exo-OS is compared with: fetched into build/oracle, never installed."""

from __future__ import annotations

import dataclasses
import glob
import os
import re
import struct

from .. import packages, paths, process
from ..errors import ExoError

META_PACKAGE = "linux-image-cloud-amd64"
FOLDER = paths.in_build("oracle", "linux")
IMAGES = "boot/vmlinuz-*"

# Linux's Documentation/x86/boot.rst: the version's text is at this field's value, counted from the second sector.
VERSION_POINTER = 0x20E
SECTOR = 0x200


@dataclasses.dataclass(frozen=True)
class DebianKernel:
    path: str
    package: str  # linux-image-6.1.0-56-cloud-amd64
    version: str  # the package's: 6.1.192-2


def ensure() -> DebianKernel:
    """The kernel, which is downloaded when it is not there.

    Errors: ExoError when apt knows none, cannot fetch it, or it is no Linux kernel.
    """
    path = _find()
    if path is None:
        packages.download(_package(), FOLDER, IMAGES)
        path = _find()
        if path is None:
            raise ExoError(f"{FOLDER}: {IMAGES} has been taken away")
    return DebianKernel(path, "linux-image-" + os.path.basename(path).partition("-")[2], package_version(path))


def _find() -> str | None:
    return next(iter(sorted(glob.glob(os.path.join(FOLDER, IMAGES)))), None)


def _package() -> str:
    _, listing = process.capture(["apt-cache", "depends", META_PACKAGE])
    found = re.search(r"Depends: (linux-image-\S+)", listing)
    if found is None:
        raise ExoError(f"no Debian kernel to be had: apt-cache knows no {META_PACKAGE} ('apt-get update' brings the lists)")
    return found[1]


def package_version(path: str) -> str:
    """The package's version, out of the text that the kernel itself carries."""
    try:
        with open(path, "rb") as file:
            file.seek(VERSION_POINTER)
            file.seek(SECTOR + struct.unpack("<H", file.read(2))[0])
            text = file.read(256).partition(b"\0")[0].decode("ascii", "replace")
    except (OSError, struct.error) as error:
        raise ExoError(f"{path}: not a Linux kernel: {error}") from None
    found = re.search(r"Debian (\S+)", text)
    if found is None:
        raise ExoError(f"{path}: it does not say which Debian version it is")
    return found[1]
