"""`--packages`: what is asked of apt, the archive that is made of packages, dpkg's records, and a cache that is never left broken."""

import hashlib
import io
import os
import stat
import subprocess
import tarfile
import threading

import pytest
from exo.archive import cpio
from exo.errors import ExoError
from exo.roots import apt, cache, debian, dpkg_database

ESSENTIAL = "Essential: yes\n"
METHOD = "copy"  # as http, but from this machine's files


class Repository:
    """Debian packages in a folder that apt reads, with lists and a cache of the test's own."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self._index = ""
        (folder / "pool").mkdir()

    def add(self, name: str, files: dict[str, str], fields: str = "", version: str = "1.0", **control: str) -> None:
        tree = self.folder / "tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        (tree / "DEBIAN").mkdir(parents=True)
        text = (f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n{fields}"
                "Description: a test\n")
        (tree / "DEBIAN" / "control").write_text(text)
        for part, content in control.items():
            (tree / "DEBIAN" / part).write_text(content)
            (tree / "DEBIAN" / part).chmod(0o755 if content.startswith("#!") else 0o644)
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            if content.startswith("-> "):
                (tree / path).symlink_to(content[3:])
            else:
                (tree / path).write_text(content)
        deb = self.folder / "pool" / f"{name}_{version}_all.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, deb], check=True, stdout=subprocess.DEVNULL)
        data = deb.read_bytes()
        fields_of_index = f"Filename: pool/{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        self._index += text.replace("Description:", f"{fields_of_index}Description:") + "\n"
        (self.folder / "Packages").write_text(self._index)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """With what every root has: essential packages, of which one is `base`."""
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] {METHOD}:{tmp_path}/repository ./\n")
    (tmp_path / "apt.conf").write_text(f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "/nothing";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.add("base", {"bin/dash": "shell", "usr/bin/mawk": "awk", "lib/x/libc": "library", "etc/base.conf": "a=1\n"}, ESSENTIAL,
             conffiles="/etc/base.conf\n", preinst="#!/bin/sh\n")
    made.add("usr-is-merged", {})
    return made


@pytest.fixture
def machine(monkeypatch):
    """Stands for the machine that configures: gives the tree back as it is. Holds what it was given."""
    given = {}

    def configure(unpacked, tree, total, line):
        given.update({entry.name: entry for entry in _entries(unpacked)})
        given[""] = total
        with tarfile.open(tree, "w", format=tarfile.PAX_FORMAT) as tar:
            for name, entry in given.items():
                if name and not name.startswith(debian.WORK):
                    _add(tar, entry)
        return given.get("failures", [])

    monkeypatch.setattr(debian, "_configure", configure)
    return given


def _entries(path):
    with open(path, "rb") as file:
        return list(cpio.read(file.read()))


def _add(tar, entry):
    member = tarfile.TarInfo(entry.name)
    member.mode, member.uid, member.gid, member.mtime = entry.mode & 0o7777, entry.uid, entry.gid, entry.mtime
    if stat.S_ISDIR(entry.mode):
        member.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(entry.mode):
        member.type, member.linkname = tarfile.SYMTYPE, entry.data.decode()
    else:
        member.size = len(entry.data)
    tar.addfile(member, io.BytesIO(entry.data))


def root(archive) -> dict:
    return {entry.name: entry for entry in _entries(archive)}


def test_a_root_holds_what_was_asked_for_and_what_that_needs(repository, machine):
    repository.add("tool", {"usr/bin/tool": "t", "sbin/old": "-> ../bin/dash"}, "Depends: part (>= 2)\n")
    repository.add("part", {"lib/part": "p"}, version="2.1")
    repository.add("other", {"usr/bin/other": "o"})
    found = root(debian.ensure(["tool"], "missing"))
    assert found["usr/bin/tool"].data == b"t" and found["usr/lib/part"].data == b"p" and "usr/bin/other" not in found
    assert machine[""] == 4
    for name in ("bin", "sbin", "lib", "lib64"):  # as Debian 12 has them, and dpkg writes through the links
        assert stat.S_ISLNK(found[name].mode) and found[name].data == f"usr/{name}".encode()
    assert found["usr/bin/dash"].data == b"shell" and found["usr/lib/x/libc"].data == b"library"
    assert found["usr/bin/sh"].data == b"dash" and found["usr/bin/awk"].data == b"mawk"


def test_the_second_time_needs_no_apt_and_a_pull_sees_new_versions(repository, machine, monkeypatch):
    repository.add("tool", {"usr/bin/tool": "old"})
    first = debian.ensure(["tool"], "missing")
    monkeypatch.setattr(apt, "_apt_get", lambda *_, **__: pytest.fail("apt was asked"))
    assert debian.ensure(["tool"], "missing") == first
    monkeypatch.undo()


def test_a_pull_sees_new_versions(repository, machine):
    repository.add("tool", {"usr/bin/tool": "old"})
    first = debian.ensure(["tool"], "missing")
    repository.add("tool", {"usr/bin/tool": "new"}, version="1.1")
    assert debian.ensure(["tool"], "missing") == first
    second = debian.ensure(["tool"], "always")
    assert second != first and root(second)["usr/bin/tool"].data == b"new"
    assert root(debian.ensure(["tool=1.0"], "missing"))["usr/bin/tool"].data == b"old"


def test_dpkg_finds_the_packages_unpacked(repository, machine):
    repository.add("tool", {"usr/bin/tool": "t", "etc/tool.conf": "x"}, conffiles="/etc/tool.conf\n",
                   postinst="#!/bin/sh\nexit 0\n", triggers="interest-noawait /usr/lib/x\ninterest never\nactivate-noawait ldconfig\n")
    debian.ensure(["tool"], "missing")
    status = machine["var/lib/dpkg/status"].data.decode()
    assert status.count("Status: install ok unpacked") == 3
    assert f" /etc/tool.conf {hashlib.md5(b'x').hexdigest()}\n" in status
    assert machine["var/lib/dpkg/info/tool.postinst"].mode & 0o777 == 0o755
    listed = machine["var/lib/dpkg/info/tool.list"].data.decode().split("\n")
    assert listed[0] == "/." and "/usr/bin/tool" in listed and "/etc" in listed
    assert machine[f"{debian.WORK}/order"].data.decode().split() == ["base", "tool", "usr-is-merged"]
    assert machine[f"{debian.WORK}/triggers"].data == b"tool /usr/lib/x\n"


@pytest.mark.parametrize("words, message", [
    (["nosuch"], "Unable to locate package nosuch"), (["base=7"], "Version '7' for 'base' was not found"),
    (["broken"], r"broken : Depends: absent|unmet dependencies"), ([], "no package is named")])
def test_what_cannot_be_had_is_one_line(repository, machine, words, message):
    repository.add("broken", {}, "Depends: absent\n")
    with pytest.raises(ExoError, match=message) as caught:
        debian.ensure(words, "missing")
    assert "\n" not in str(caught.value)
    assert not os.path.exists(cache.folder("roots"))


@pytest.mark.parametrize("word", ["bash-", "?essential", "~nbash", "-y", "a", "Bash", "bash=", "bash;id", "bash/testing", "../x"])
def test_words_that_apt_would_take_for_something_else_are_refused(word):
    with pytest.raises(ValueError):
        apt.check_word(word)


@pytest.mark.parametrize("word", ["bash", "g++", "libstdc++6", "bash=5.2.15-2+b7", "libc6:amd64", "passwd=1:4.13+dfsg1-1"])
def test_words_that_name_packages(word):
    assert apt.check_word(word) == word


def test_a_file_of_names(tmp_path):
    (tmp_path / "list").write_text("# tools\nbash   # a shell\n\npython3\n")
    assert debian.read_list(str(tmp_path / "list")) == ["bash", "python3"]
    (tmp_path / "list").write_text("bash\nnot a name\n")
    with pytest.raises(ExoError, match="line 2: not a name"):
        debian.read_list(str(tmp_path / "list"))
    with pytest.raises(ExoError, match="No such file"):
        debian.read_list(str(tmp_path / "absent"))


def test_a_damaged_package_is_fetched_again(repository, machine):
    for name in ("tool", "more", "last"):
        repository.add(name, {f"usr/bin/{name}": "t"})
    debian.ensure(["tool"], "missing")
    deb = cache.folder("apt", "cache", "archives", "tool_1.0_all.deb")
    os.truncate(deb, 300)
    assert root(debian.ensure(["tool", "more"], "missing"))["usr/bin/tool"].data == b"t"
    with open(deb, "r+b") as file:
        file.write(b"?" * 300)
    with pytest.raises(ExoError, match="it will be fetched again"):
        debian.ensure(["tool", "last"], "missing")
    assert root(debian.ensure(["tool", "last"], "missing"))["usr/bin/tool"].data == b"t"


def test_packages_that_are_files_already_are_read_where_they_are(repository, machine, tmp_path):
    repository.add("tool", {"usr/bin/tool": "t"})
    sources = tmp_path / "sources.list"
    sources.write_text(sources.read_text().replace(METHOD, "file"))
    assert root(debian.ensure(["tool"], "missing"))["usr/bin/tool"].data == b"t"
    assert not [name for name in os.listdir(cache.folder("apt", "cache", "archives")) if name.endswith(".deb")]


def test_a_failure_leaves_nothing_of_a_root(repository, machine, monkeypatch):
    repository.add("tool", {"usr/bin/tool": "t"})

    def fail(*_):
        raise ExoError("the machine ended")

    monkeypatch.setattr(debian, "_configure", fail)
    with pytest.raises(ExoError, match="the machine ended"):
        debian.ensure(["tool"], "missing")
    assert os.listdir(cache.folder("roots")) == [] and not os.path.exists(cache.folder("requests"))


def test_a_cache_that_was_damaged_is_made_anew(repository, machine):
    repository.add("tool", {"usr/bin/tool": "t"})
    archive = debian.ensure(["tool"], "missing")
    os.unlink(archive)
    assert debian.ensure(["tool"], "missing") == archive and os.path.exists(archive)
    (request,) = os.listdir(cache.folder("requests"))
    with open(cache.folder("requests", request), "w", encoding="ascii") as file:
        file.write('{"root": "../../etc/passwd"')
    assert debian.ensure(["tool"], "missing") == archive


def test_two_that_want_one_root_make_it_once(repository, machine, monkeypatch):
    repository.add("tool", {"usr/bin/tool": "t"})
    made = []
    build = debian._build
    monkeypatch.setattr(debian, "_build", lambda *words: (made.append(1), build(*words)))
    threads = [threading.Thread(target=debian.ensure, args=(["tool"], "missing")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyError), cache.Beside(str(path)) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]
    with pytest.raises(ExoError, match="No space left"), cache.Beside(str(path)):
        raise OSError(28, "No space left on device")
    with cache.Beside(str(path)) as file:
        file.write(b"new")
    assert path.read_text() == "new"


def test_a_host_without_apt_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExoError, match="--packages needs apt-get and dpkg-deb"):
        debian.ensure(["bash"], "missing")


def test_configuration_files_that_are_only_removed_are_not_looked_for():
    stream = io.BytesIO()
    database = dpkg_database.Database(cpio.Writer(stream))
    database.add({"control": b"Package: a\nArchitecture: amd64\nMulti-Arch: same\n", "conffiles": b"remove-on-upgrade /etc/old\n"}, ["./"],
                 lambda path: None)
    database.finish()
    assert database.order == ["a:amd64"] and b"Conffiles" not in stream.getvalue()
