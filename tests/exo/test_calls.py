"""./exo calls on a table of its own, and what the compiler says of a handler that describes nothing."""

import json
import pathlib
import subprocess

import pytest
from conftest import ROOT
from exo.descriptions import call_page, call_text, calls
from exo.errors import ExoError

SIZE = {"kind": "size", "size": 8}
READ = {"number": 0, "name": "read", "family": "read_write", "source": "kernel/posix_x/files/read_write.cpp", "fast_path": False, "result": SIZE, "arguments": [
    {"kind": "descriptor", "of": "readable", "size": 4, "signed": True},
    {"kind": "buffer", "of": "bytes", "direction": "out", "length_argument": 2}, SIZE]}
SEEK = {"number": 8, "name": "lseek", "family": "read_write", "source": "kernel/posix_x/files/read_write.cpp", "fast_path": True,
        "result": {"kind": "offset", "size": 8}, "arguments": [
            {"kind": "choice", "type": "SeekWhence", "size": 4, "values": [{"name": "Set", "value": 0}]},
            {"kind": "flags", "type": "OpenFlags", "size": 4, "checked": True, "values": [{"name": "Creat", "value": 64}]},
            {"kind": "pointer", "direction": "in", "null": True, "element": {
                "kind": "structure", "type": "timespec", "size": 16,
                "fields": [{"name": "tv_sec", "type": "std::int64_t", "offset": 0, "size": 8, "signed": True}]}}]}
CONTROL = {"number": 72, "name": "fcntl", "family": "control_calls", "source": "kernel/posix_x/files/control_calls.cpp", "fast_path": False,
           "result": {"kind": "by_command", "size": 8}, "arguments": [
               {"kind": "command", "size": 4, "commands": [
                   {"name": "Getfd", "value": 1, "arguments": [SIZE], "result": {"kind": "nothing"}}]},
               {"kind": "by_command", "size": 8}]}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "calls.json"
    path.write_text(json.dumps({"calls": [READ, SEEK, CONTROL]}))
    return path


def exo_calls(table, *words):
    return subprocess.run([f"{ROOT}/exo", "calls", "--from", str(table), *words], capture_output=True, text=True, timeout=60)


def test_one_line_a_call(table):
    done = exo_calls(table)
    assert done.returncode == 0 and not done.stderr
    assert "    0  read(descriptor (readable), out buffer[#2], size) -> size" in done.stdout.splitlines()
    assert "    8 *lseek(SeekWhence, OpenFlags, in timespec or null) -> offset" in done.stdout.splitlines()


@pytest.mark.parametrize("word", ["lseek", "8"])
def test_one_call_by_name_or_number(table, word):
    text = exo_calls(table, word).stdout
    assert text.startswith("lseek, system call 8, with a fast path (kernel/posix_x/files/read_write.cpp)")
    for part in ("Set=0", "Creat=0x40", "others are EINVAL", "tv_sec (int64_t)"):
        assert part in text


def test_commands_are_shown_with_what_they_take(table):
    assert "Getfd=0x1(size) -> nothing" in exo_calls(table, "fcntl").stdout


def test_json_is_what_came_in(table):
    assert json.loads(exo_calls(table, "--json").stdout) == {"calls": [READ, SEEK, CONTROL]}
    assert json.loads(exo_calls(table, "--json", "read").stdout) == {"calls": [READ]}


@pytest.mark.parametrize("words, message", [
    (["raed"], "exo: there is no call raed; did you mean read?"), 
    (["999"], "exo: there is no call 999 ('./exo calls' lists them; once handlers have changed, './exo calls --build')"),
    (["read", "write"], "exo: one name at a time, and not also write (see './exo calls --help')"),
    (["--write-page", "read"], "exo: the page is about all calls (see './exo calls --help')")])
def test_one_line_for_what_is_wrong(table, words, message):
    done = exo_calls(table, *words)
    assert (done.returncode, done.stdout, done.stderr) == (125, "", message + "\n")


def test_a_table_that_is_none(tmp_path):
    (tmp_path / "empty").write_text("{}")
    assert "no descriptions of calls" in exo_calls(tmp_path / "empty").stderr
    assert "No such file" in exo_calls(tmp_path / "nothing").stderr


def test_the_page_and_the_descriptions_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(call_page, "PATH", str(tmp_path / "page.md"))
    monkeypatch.setattr(call_page, "DESCRIPTIONS", str(tmp_path / "calls.json"))
    with pytest.raises(ExoError, match="page.md is out of date; run './exo calls --write-page'"):
        call_page.check([READ])
    assert call_page.write([READ]) == ["read"]
    assert call_page.write([READ, CONTROL]) == ["fcntl"]
    call_page.check([READ, CONTROL])
    assert json.loads((tmp_path / "calls.json").read_text()) == {"calls": [READ, CONTROL]}
    with pytest.raises(ExoError):
        call_page.check([SEEK, CONTROL])
    (tmp_path / "calls.json").write_text("{}")
    with pytest.raises(ExoError, match="calls.json is out of date"):
        call_page.check([READ, CONTROL])


def test_the_descriptions_of_the_tree_are_there_without_a_build():
    done = subprocess.run([f"{ROOT}/exo", "calls", "read"], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("read, system call 0 (") and not done.stderr


def test_every_kind_has_words():
    for call in (READ, SEEK, CONTROL):
        assert call_text.short(call["result"])
    assert calls.find([READ, SEEK], "read") is READ


HANDLERS = {
    "taken": "Result<> sys_wrong(syscall::Context&, u32) { return {}; }",
    "answered": "Result<u64> sys_wrong(syscall::Context&) { return 0ULL; }",
    "read": "Result<> sys_wrong(syscall::Context&, vm::UserIn<u64>) { return {}; }",
    "written": "Result<> sys_wrong(syscall::Context&, vm::UserOut<u32>) { return {}; }",
    "changed": "Result<> sys_wrong(syscall::Context&, syscall::OrNull<vm::UserInOut<int>>) { return {}; }",
    "in_an_array": "Result<> sys_wrong(syscall::Context&, syscall::InArray<u64, 1>, syscall::Count) { return {}; }",
    "length": "Result<> sys_wrong(syscall::Context&, syscall::InBytes<1>, syscall::Mode) { return {}; }",
    "right": "Result<> sys_wrong(syscall::Context&, syscall::InBytes<1>, syscall::Size) { return {}; }",
}
PARAMETER = "a parameter of a system call must say what it is"
SENTENCES = {"answered": "the answer of a system call must say what it is", "length": "a length argument must be a Size or a Count"}
BUILDS = {"kernel": [], "hosted": ["-DEXO_HOSTED"]}


@pytest.mark.parametrize(("name", "build"), [(name, build) for name in HANDLERS for build in BUILDS if build == "hosted" or name != "length"])
def test_the_compiler_refuses_what_says_too_little(name, build):
    source = f"""#include "syscall/syscall.hpp"
namespace exo {{ {HANDLERS[name]}
constexpr syscall::Family FAMILY{{"wrong", "wrong.cpp"}};
constexpr syscall::Call CALLS[] = {{syscall::call<sys_wrong>(1, "wrong", FAMILY)}}; }}"""
    done = subprocess.run(["clang++-19", "-std=c++23", "-stdlib=libc++", "-fsyntax-only", *BUILDS[build], f"-I{ROOT}/kernel", f"-I{ROOT}",
                           "-xc++", "-"], input=source, capture_output=True, text=True)
    if name == "right":
        assert (done.returncode, done.stderr) == (0, "")
        return
    # What is wrong comes before whatever else the compiler makes of it.
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert done.returncode != 0 and SENTENCES.get(name, PARAMETER) in errors[0] and "sys_wrong" in done.stderr


def test_the_compiler_refuses_a_number_that_two_calls_have():
    source = """#include "syscall/table.hpp"
namespace exo { using namespace syscall;
Result<> sys_one(Context&) { return {}; }
Result<> sys_two(Context&) { return {}; }
constexpr Family FAMILY{"numbers", "numbers.cpp"};
constexpr Call ONE[] = {call<sys_one>(7, "one", FAMILY), call<sys_two>(9, "two", FAMILY)};
constexpr Call TWO[] = {call<sys_two>(7, "again", FAMILY)};
static_assert(number_given_twice(sort_calls(ONE)) == NO_NUMBER);
static_assert(number_given_twice(sort_calls(ONE, TWO)) == NO_NUMBER); }"""
    done = subprocess.run(["clang++-19", "-std=c++23", "-stdlib=libc++", "-fsyntax-only", f"-I{ROOT}/kernel", f"-I{ROOT}", "-xc++", "-"],
                          input=source, capture_output=True, text=True)
    assert done.stderr.count("error:") == 1 and "7 ==" in done.stderr


def test_a_number_that_is_too_large_is_one_error():
    source = """#include "syscall/table.hpp"
namespace exo { using namespace syscall;
Result<> sys_one(Context&) { return {}; }
constexpr Family FAMILY{"numbers", "numbers.cpp"};
constexpr Call ONE[] = {call<sys_one>(600, "one", FAMILY)};
constexpr arch::CallHandlers HANDLERS = handlers_of(ONE);
constexpr arch::FastHandlers FAST = fast_handlers_of(ONE);
static_assert(number_beyond_limit(ONE) == NO_NUMBER); }"""
    done = subprocess.run(["clang++-19", "-std=c++23", "-stdlib=libc++", "-fsyntax-only", f"-I{ROOT}/kernel", f"-I{ROOT}", "-xc++", "-"],
                          input=source, capture_output=True, text=True)
    assert done.stderr.count("error:") == 1 and "600 ==" in done.stderr


def test_every_family_has_a_source_that_is_there():
    described = json.loads(pathlib.Path(ROOT, "docs/system_calls.json").read_text())["calls"]
    for call in described:
        assert "sys_" in pathlib.Path(ROOT, call["source"]).read_text(), call["name"]
    assert len({call["family"] for call in described}) == len({call["source"] for call in described})
