"""Where things are in the work tree."""

from __future__ import annotations

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")


def in_root(*parts: str) -> str:
    return os.path.join(ROOT, *parts)


def in_build(*parts: str) -> str:
    return os.path.join(BUILD, *parts)


def kernel(preset: str) -> str:
    """The kernel that a preset makes."""
    return in_build(preset, "exo-os.elf")
