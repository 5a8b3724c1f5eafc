"""Programs of the host that go into a machine: what their files say of libraries, and where those are found."""

import os
import struct

import pytest
from exo.archive import elf, host_program
from exo.errors import ExoError

STRINGS_AT = 0x200


def make(path, needed=(), interpreter="", runpath="", rpath="", machine=62) -> str:
    """A file of 64 bits with nothing but program headers and a dynamic section."""
    strings = b"\0"
    entries = []
    for tag, words in ((elf.DT_NEEDED, needed), (elf.DT_RUNPATH, [runpath] if runpath else []), (elf.DT_RPATH, [rpath] if rpath else [])):
        for word in words:
            entries.append((tag, len(strings)))
            strings += word.encode() + b"\0"
    entries += [(elf.DT_STRTAB, 0x400000 + STRINGS_AT), (elf.DT_STRSZ, len(strings)), (elf.DT_NULL, 0)]
    name = interpreter.encode() + b"\0"
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    name_at = STRINGS_AT + len(strings)
    dynamic_at = name_at + len(name)
    size = dynamic_at + len(dynamic)
    segments = [(elf.PT_LOAD, 0, 0x400000, size), (elf.PT_DYNAMIC, dynamic_at, 0x400000 + dynamic_at, len(dynamic))]
    if interpreter:
        segments.append((elf.PT_INTERP, name_at, 0x400000 + name_at, len(name)))
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", kind, 5, offset, address, address, length, length, 1)
                     for kind, offset, address, length in segments)
    path.write_bytes((header + table).ljust(STRINGS_AT, b"\0") + strings + name + dynamic)
    os.chmod(path, 0o755)
    return str(path)


@pytest.fixture(autouse=True)
def no_usual_folders(monkeypatch):
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setattr(host_program, "_glibc_folders", lambda: [])


def libraries(path: str) -> dict[str, str]:
    return host_program.Libraries(elf.ElfFile(path)).paths


def test_what_a_file_says(tmp_path):
    file = elf.ElfFile(make(tmp_path / "f", ["liba.so", "libb.so"], "/lib/ld.so", "/x:$ORIGIN/y", "/old"))
    assert (file.needed, file.interpreter, file.runpath, file.rpath) == (["liba.so", "libb.so"], "/lib/ld.so", ["/x", "$ORIGIN/y"], ["/old"])
    assert not file.is_static and elf.ElfFile(make(tmp_path / "g")).is_static


def test_a_file_cut_at_every_byte_or_changed_is_refused_or_read(tmp_path):
    whole = open(make(tmp_path / "f", ["liba.so"], "/lib/ld.so", "/x"), "rb").read()
    for end in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:end])
        with pytest.raises(elf.ElfError):
            elf.ElfFile(str(tmp_path / "cut"))
    for at in range(len(whole)):
        (tmp_path / "odd").write_bytes(whole[:at] + b"\xff" + whole[at + 1:])
        try:
            elf.ElfFile(str(tmp_path / "odd"))
        except elf.ElfError:
            pass


def test_where_libraries_are_found(tmp_path, monkeypatch):
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
    program = make(tmp_path / "p", ["lib1.so"], "/lib/ld.so", runpath="$ORIGIN/a")
    one = make(tmp_path / "a" / "lib1.so", ["lib2.so"], runpath="${ORIGIN}/../b")
    two = make(tmp_path / "b" / "lib2.so", ["lib1.so", "lib3.so"])  # in a circle; and DT_RUNPATH is not inherited
    with pytest.raises(ExoError, match="lib2.so needs lib3.so, which is not on this system"):
        libraries(program)
    make(tmp_path / "a" / "lib3.so", machine=40)
    three = make(tmp_path / "c" / "lib3.so")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}/a:{tmp_path}/c")
    assert libraries(program) == {"lib1.so": one, "lib2.so": f"{tmp_path}/a/../b/lib2.so", "lib3.so": three}
    assert os.path.samefile(two, libraries(program)["lib2.so"])


def test_an_old_search_path_is_the_programs_too(tmp_path):
    (tmp_path / "a").mkdir()
    program = make(tmp_path / "p", ["lib1.so"], "/lib/ld.so", rpath="$ORIGIN/a")
    make(tmp_path / "a" / "lib1.so", ["lib2.so"])
    make(tmp_path / "a" / "lib2.so")
    assert sorted(libraries(program)) == ["lib1.so", "lib2.so"]


def test_configured_folders(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf").write_text(f"# folders\n/one\ninclude conf.d/*.conf\n/last # why\ninclude {tmp_path}/conf\n")
    (tmp_path / "conf.d" / "b.conf").write_text("/three\n")
    (tmp_path / "conf.d" / "a.conf").write_text("/two\n")
    assert host_program._configured(str(tmp_path / "conf"), set()) == ["/one", "/two", "/three", "/last"]
