"""Where --copy puts things: the rules of `cp -r`, on an image of a few names."""

import os

import pytest
from exo.archive import copies, cpio
from exo.errors import ExoError
from exo.running.request import Copy


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.cpio"
    with open(path, "wb") as file:
        writer = cpio.Writer(file)
        writer.add_directory("tmp", 0o1777)
        writer.add_directory("usr")
        writer.add_directory("usr/bin")
        writer.add_symlink("bin", "usr/bin")
        writer.add_symlink("round", "/round")
        writer.add_file("usr/bin/tool", b"old")
        writer.finish()
    return str(path)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "file").write_text("text")
    (tmp_path / "one").write_text("one")
    return tmp_path


def names(image, *pairs):
    with open(image + ".added", "w+b") as file:
        plan = copies.Plan([Copy(pair) for pair in pairs], image)
        writer = cpio.Writer(file)
        plan.write(writer)
        writer.finish()
        file.seek(0)
        return [entry.name for entry in cpio.read(file.read())], plan.size


@pytest.mark.parametrize("pair, expected", [
    ("one:/two", ["two"]),
    ("one:/tmp", ["tmp/one"]),
    ("one:/tmp/", ["tmp/one"]),
    ("one:/new/", ["new", "new/one"]),
    ("one:/new/deep/two", ["new", "new/deep", "new/deep/two"]),
    ("one:/bin/one", ["usr/bin/one"]),
    ("one:/bin/../two", ["usr/two"]),
    ("one:/bin/tool", ["usr/bin/tool"]),
    ("tree:/new", ["new", "new/sub", "new/sub/file"]),
    ("tree:/new/", ["new", "new/sub", "new/sub/file"]),
    ("tree/:/tmp", ["tmp/tree", "tmp/tree/sub", "tmp/tree/sub/file"]),
    ("tree/.:/tmp", ["tmp/sub", "tmp/sub/file"]),
    ("tree/.:/", ["sub", "sub/file"]),
])
def test_where_it_goes(image, tree, monkeypatch, pair, expected):
    monkeypatch.chdir(tree)
    found, size = names(image, pair)
    assert found == expected
    assert size == (3 if pair.startswith("one") else 4)


def test_a_second_copy_sees_the_first(image, tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert names(image, "tree:/new", "one:/new")[0] == ["new", "new/sub", "new/sub/file", "new/one"]


def test_a_folder_that_the_image_has_as_a_link(image, tree, monkeypatch):
    monkeypatch.chdir(tree)
    (tree / "tree" / "bin").mkdir()
    (tree / "tree" / "bin" / "mine").write_text("")
    assert "usr/bin/mine" in names(image, "tree/.:/")[0]


def test_hard_links_are_counted_once(image, tree, monkeypatch):
    monkeypatch.chdir(tree)
    os.link("tree/sub/file", "tree/again")
    assert names(image, "tree:/new")[1] == 4


@pytest.mark.parametrize("pair, message", [
    ("one:/proc/one", "/proc/one would be hidden: the machine mounts its own /proc"),
    ("one:/dev/shm/one", "/dev/shm/one would be hidden: the machine mounts its own /dev"),
    ("one:/sys", "/sys would be hidden: the machine mounts its own /sys"),
    ("one:/bin/../../.exo/argv", "/.exo/argv belongs to exo"),
    ("tree:/bin/tool", "tree: a folder cannot replace /usr/bin/tool, which is none"),
    ("one:/bin/tool/x", "/usr/bin/tool: Not a directory"),
    ("one:/round/x", "/round/x: Too many levels of symbolic links"),
    ("/dev/zero:/zero", "/dev/zero: neither a file nor a folder"),
    ("none:/x", "none: No such file or directory"),
])
def test_what_is_refused(image, tree, monkeypatch, pair, message):
    monkeypatch.chdir(tree)
    with pytest.raises(ExoError) as caught:
        names(image, pair)
    assert str(caught.value) == f"--copy: {message}"
