"""dpkg's own records of packages that are unpacked and not configured yet, as dpkg --unpack would have left them.

Source: dpkg's doc/ and lib/dpkg/db-*.c for the names of files below /var/lib/dpkg, deb-control(5), deb-conffiles(5).
"""

from __future__ import annotations

import hashlib

from ..archive import cpio
from ..errors import ExoError

FOLDER = "var/lib/dpkg"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config")
FLAG = "remove-on-upgrade"


class Database:
    """Collects the packages, and writes the files that dpkg keeps of them."""

    def __init__(self, writer: cpio.Writer) -> None:
        self._writer = writer
        self._paragraphs: list[str] = []
        self.order: list[str] = []  # packages as info's files name them
        for name in ("var", "var/lib", FOLDER, f"{FOLDER}/info", f"{FOLDER}/triggers", f"{FOLDER}/updates", f"{FOLDER}/parts"):
            writer.add_directory(name)
        writer.add_file(f"{FOLDER}/info/format", b"1\n")

    def add(self, control: dict[str, bytes], names: list[str], read) -> None:
        """`control`: the files of the package's control archive; `names`: those of its data, as there; `read`: gives a file's bytes."""
        text = control["control"].decode(errors="surrogateescape").strip("\n")
        fields = _fields(text)
        package = fields["Package"]
        name = f"{package}:{fields['Architecture']}" if fields.get("Multi-Arch") == "same" else package
        for part, data in sorted(control.items()):
            if part not in ("control", "conffiles"):
                self._writer.add_file(f"{FOLDER}/info/{name}.{part}", data, 0o755 if part in SCRIPTS else 0o644)
        listed = "".join(f"{_listed(member)}\n" for member in names)
        self._writer.add_file(f"{FOLDER}/info/{name}.list", listed.encode(errors="surrogateescape"))
        lines = text.split("\n")
        lines.insert(1, "Status: install ok unpacked")
        conffiles = _conffiles(control.get("conffiles", b"").decode(errors="surrogateescape"))
        if conffiles:
            lines.append("Conffiles:")
            for path in conffiles:
                data = read(path)
                if data is None:
                    raise ExoError(f"{package}: its configuration file {path} is not in it")
                lines.append(f" {path} {hashlib.md5(data, usedforsecurity=False).hexdigest()}")
        self._paragraphs.append("\n".join(lines) + "\n")
        self.order.append(name)

    def finish(self) -> None:
        self._writer.add_file(f"{FOLDER}/status", "\n".join(self._paragraphs).encode(errors="surrogateescape"))
        self._writer.add_file(f"{FOLDER}/available", b"")


def _fields(text: str) -> dict[str, str]:
    """The fields of one line each."""
    found = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "\t")):
            found[name] = value.strip()
    return found


def _listed(name: str) -> str:
    plain = name.removeprefix(".").rstrip("/")
    return plain or "/."


def _conffiles(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith(FLAG)]
