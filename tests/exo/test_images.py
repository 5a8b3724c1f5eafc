"""`--image`: layers become one tree as the specification says, what is wrong is one line, and `exo images` shows what is kept."""

import json
import os
import socket
import stat
import struct
import subprocess
import time

import pytest
from exo import packages, paths
from exo.archive import cpio
from exo.running import run, settings
from exo.errors import ExoError
from exo.roots import cache, command, image, layers
from image_support import Layout, compress, entry, tar


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "image")


def root(made) -> dict:
    with open(made.archive, "rb") as file:
        return {found.name: found for found in cpio.read(file.read())}


def merged(layout, *all_layers, compression="gzip") -> dict:
    layout.add(list(all_layers), compression=compression)
    return root(image.ensure(f"oci:{layout.folder}", "missing"))


BASE = [entry("etc", kind="folder"), entry("etc/one", "1"), entry("etc/two", "2", mode=0o4755, uid=5, gid=6),
        entry("etc/again", "etc/two", "hard"), entry("full", kind="folder"), entry("full/old", "old"), entry("full/in", kind="folder"),
        entry("full/in/old", "old"), entry("usr", kind="folder"), entry("usr/lib", kind="folder"), entry("lib", "usr/lib", "link"),
        entry("null", kind="device", mode=0o666)]


def test_owners_modes_links_and_devices_arrive(layout):
    found = merged(layout, BASE)
    assert (found["etc/two"].mode, found["etc/two"].uid, found["etc/two"].gid) == (stat.S_IFREG | 0o4755, 5, 6)
    assert found["etc/again"].inode == found["etc/two"].inode and found["etc/two"].links == 2
    assert sorted(found[name].data for name in ("etc/two", "etc/again")) == [b"", b"2"]
    assert found["null"].device == (1, 3) and stat.S_ISCHR(found["null"].mode)
    assert found["lib"].data == b"usr/lib" and found["etc/one"].mtime == 1_700_000_000


def test_attributes_and_parts_of_a_second_are_noted_for_init(layout):
    value = bytes([1, 0, 0, 2, 0, 0x20, 0xFF]).decode("utf-8", "surrogateescape")
    found = merged(layout, [entry("ping", "p", SCHILY__xattr__security__capability=value), entry("late", mtime="1700000001.25"),
                            entry("plain")])
    path, name = b"/ping", b"security.capability"
    data = bytes([1, 0, 0, 2, 0, 0x20, 0xFF])
    record = b"".join([struct.pack("<I", len(path)), path, b"\0", struct.pack("<III", 1_700_000_000, 0, 1), struct.pack("<I", len(name)),
                       name, b"\0", struct.pack("<I", len(data)), data, b"\0"])
    late = struct.pack("<I", 5) + b"/late\0" + struct.pack("<III", 1_700_000_001, 250_000_000, 0)
    assert found[cpio.ATTRIBUTES].data == late + record and found["late"].mtime == 1_700_000_001


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_whiteouts_and_opaque_folders_hide_what_is_below(layout, compression):
    found = merged(layout, BASE, [entry("etc/.wh.one"), entry("full/new", "new"), entry("full/.wh..wh..opq"), entry("etc/.wh.absent")],
                   compression=compression)
    assert "etc/one" not in found and "etc/two" in found
    assert sorted(name for name in found if name.startswith("full")) == ["full", "full/new"]


def test_a_folder_may_be_hidden_and_made_anew_in_one_layer(layout):
    found = merged(layout, BASE, [entry("full", kind="folder"), entry("full/new", "n"), entry(".wh.full")])
    assert sorted(name for name in found if name.startswith("full")) == ["full", "full/new"]


def test_a_file_takes_the_place_of_a_folder_and_back(layout):
    found = merged(layout, BASE, [entry("full", "a file"), entry("etc/one", kind="folder"), entry("etc/one/in", "i")])
    assert found["full"].data == b"a file" and "full/old" not in found and found["etc/one/in"].data == b"i"


def test_names_go_through_the_links_of_lower_layers(layout):
    found = merged(layout, BASE, [entry("lib/new", "n"), entry("to", "/etc/../full", "link"), entry("to/there", "t")])
    assert found["usr/lib/new"].data == b"n" and found["full/there"].data == b"t" and stat.S_ISLNK(found["lib"].mode)


def test_a_hard_link_reaches_into_a_lower_layer(layout):
    found = merged(layout, BASE, [entry("link", "etc/one", "hard"), entry("etc/.wh.one")])
    assert found["link"].data == b"1" and found["link"].links == 1 and "etc/one" not in found


@pytest.mark.parametrize("upper, message", [
    ([entry("../out", "x")], "leads out of the root"), ([entry("link", "etc/none", "hard")], "which is no file below it"),
    ([entry("etc/.wh.one"), entry("link", "etc/one", "hard")], "which is no file below it"),
    ([entry("a", "b", "link"), entry("b", "a", "link"), entry("a/c", "x")], "too many symbolic links"),
    (tar([entry("x", "y" * 3000)])[:2048], "cut off or damaged")])
def test_layers_that_make_no_sense_are_one_line(layout, upper, message):
    layout.add([BASE, upper])
    with pytest.raises(ExoError, match=message) as caught:
        image.ensure(f"oci:{layout.folder}", "missing")
    assert "\n" not in str(caught.value) and not command.kept()
    assert not [name for name in os.listdir(cache.folder("roots")) if name.endswith(".new")]


def test_more_than_a_machine_can_hold_is_refused(layout, monkeypatch):
    layout.add([BASE])
    monkeypatch.setattr(layers, "MOST_MEMBERS", 5)
    with pytest.raises(ExoError, match="more than 5 files"):
        image.ensure(f"oci:{layout.folder}", "missing")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_layer_that_unpacks_without_end_is_refused(layout, monkeypatch, compression):
    layout.add([[entry("zeros", bytes(5 << 20))]], compression=compression)
    monkeypatch.setattr(image, "MOST_BYTES", 1 << 20)
    with pytest.raises(ExoError):
        image.ensure(f"oci:{layout.folder}", "missing")


def test_digests_are_checked(layout):
    descriptor = layout.add([BASE])
    with open(layout.path(descriptor["digest"]), "ab") as file:
        file.write(b" ")
    with pytest.raises(ExoError, match="the content has another digest"):
        image.ensure(f"oci:{layout.folder}", "missing")
    os.unlink(layout.path(descriptor["digest"]))
    with pytest.raises(ExoError, match="No such file"):
        image.ensure(f"oci:{layout.folder}", "missing")


def test_of_several_architectures_ours_is_taken(layout):
    layout.add([[entry("arm")]], architecture="arm64", platform=True)
    layout.add([[entry("x86")]], platform=True)
    assert "x86" in root(image.ensure(f"oci:{layout.folder}", "missing"))


def test_another_architecture_is_one_line(layout):
    layout.add([[entry("arm")]], architecture="arm64", platform=True)
    with pytest.raises(ExoError, match="there is no image for linux/amd64; there are linux/arm64"):
        image.ensure(f"oci:{layout.folder}", "missing")
    layout.manifests[0].pop("platform")
    layout.write_index()
    with pytest.raises(ExoError, match="the image is for linux/arm64"):
        image.ensure(f"oci:{layout.folder}", "missing")


def test_tags(layout):
    layout.add([[entry("one")]], tag="1")
    layout.add([[entry("two")]], tag="2")
    assert "two" in root(image.ensure(f"oci:{layout.folder}:2", "missing"))
    with pytest.raises(ExoError, match="there is no tag 3; there are 1, 2"):
        image.ensure(f"oci:{layout.folder}:3", "missing")


def test_a_path_alone_is_recognised(layout, tmp_path):
    layout.add([BASE])
    assert image.parse(layout.folder)[0] == "oci" and image.parse(f"{layout.folder}:latest") == ("oci", layout.folder, "latest")
    (tmp_path / "plain").mkdir()
    with pytest.raises(ExoError, match="no oci-layout"):
        image.parse(str(tmp_path / "plain"))
    (tmp_path / "text").write_text("text")
    with pytest.raises(ExoError, match="not an archive"):
        image.parse(str(tmp_path / "text"))
    with pytest.raises(ExoError, match="no such file"):
        image.parse("alpine")
    with pytest.raises(ExoError, match="docker://HOST"):
        image.parse("docker:alpine")


@pytest.fixture
def registry(tmp_path):
    """Debian's docker-registry on this machine, unpacked only: its package would start a service."""
    folder = paths.in_build("docker-registry")
    packages.download("docker-registry", folder, "usr/bin/docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "registry.yml").write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\n"
                                           f"http: {{addr: '127.0.0.1:{port}'}}\n")
    process = subprocess.Popen([f"{folder}/usr/bin/docker-registry", "serve", tmp_path / "registry.yml"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"docker://127.0.0.1:{port}/test/app:1", process
    process.kill()
    process.wait()


def copy(*words) -> None:
    subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", *words], check=True)


def test_a_registry_is_asked_once(layout, registry):
    reference, process = registry
    layout.add([BASE])
    copy("--dest-tls-verify=false", f"oci:{layout.folder}:latest", reference)
    first = image.ensure(reference, "missing")
    assert root(first)["etc/one"].data == b"1"
    with pytest.raises(ExoError, match="manifest unknown|name unknown"):
        image.ensure(reference.replace("app", "none"), "missing")
    process.kill()
    process.wait()
    assert image.ensure(reference, "missing").archive == first.archive
    with pytest.raises(ExoError, match="connection refused"):
        image.ensure(reference, "always")


@pytest.mark.parametrize("kind, tag", [("oci-archive", ""), ("docker-archive", ":name:tag")])
def test_archives_of_images(layout, tmp_path, kind, tag):
    layout.add([BASE], {"Cmd": ["x"]})
    copy(f"oci:{layout.folder}:latest", f"{kind}:{tmp_path}/archive.tar{tag}")
    made = image.ensure(f"{tmp_path}/archive.tar", "missing")
    assert root(made)["etc/one"].data == b"1" and made.config["Cmd"] == ["x"]
    assert image.ensure(f"{kind}:{tmp_path}/archive.tar{tag}", "missing").archive == made.archive


def test_what_is_kept_is_shown_and_taken_away(layout, capsys):
    assert command.main([]) == 0
    assert "no root is kept yet" in capsys.readouterr().out
    layout.add([BASE])
    image.ensure(f"oci:{layout.folder}", "missing")
    assert command.main([]) == 0
    line = capsys.readouterr().out
    assert f"oci:{layout.folder}" in line and "MiB" in line and "ago" in line
    with pytest.raises(ExoError, match="there is no root nothing"):
        command.main(["rm", "nothing"])
    assert command.main(["rm", line.split()[0]]) == 0 and not command.kept()
    image.ensure(f"oci:{layout.folder}", "missing")
    assert command.main(["rm", "--all"]) == 0 and not command.kept()


def test_a_gzip_layer_that_is_cut_off_is_one_line(layout):
    descriptor = layout.put(compress(tar(BASE), "gzip")[:-9], "application/vnd.oci.image.layer.v1.tar+gzip")
    manifest = {"schemaVersion": 2, "layers": [descriptor], "config": layout.put(b'{"os": "linux", "architecture": "amd64"}', "x")}
    layout.manifests = [layout.put(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")]
    layout.write_index()
    with pytest.raises(ExoError, match="gzip data is damaged"):
        image.ensure(f"oci:{layout.folder}", "missing")


# ---- What the configuration means for the program

class Options:
    def __init__(self, words=(), **values):
        self.words = list(words)
        self.entrypoint = None
        self.image = "REF"
        self.from_image = image.Image("", {}, {})
        self.__dict__.update(values)


@pytest.mark.parametrize("config, options, expected", [
    ({"Cmd": ["a", "b"]}, Options(), ["a", "b"]), ({"Cmd": ["a"]}, Options(["c"]), ["c"]),
    ({"Entrypoint": ["e"], "Cmd": ["a"]}, Options(), ["e", "a"]), ({"Entrypoint": ["e"], "Cmd": ["a"]}, Options(["c"]), ["e", "c"]),
    ({"Entrypoint": "one two", "Cmd": None}, Options(), ["/bin/sh", "-c", "one two"]),
    ({"Entrypoint": ["e"], "Cmd": ["a"]}, Options(entrypoint="x"), ["x"]),
    ({"Entrypoint": ["e"], "Cmd": ["a"]}, Options(["c"], entrypoint="x"), ["x", "c"])])
def test_the_command_is_put_together_as_docker_does(config, options, expected):
    assert run._command(options, config) == expected


def test_an_image_without_a_command_is_one_line():
    with pytest.raises(ExoError, match="the image names no command; give one"):
        run._command(Options(), {})


ACCOUNTS = settings.Accounts("root:x:0:0:r:/root:/bin/sh\napp:x:1001:1002::/home/app:/bin/sh\nbroken\n",
                             "root:x:0:\napp:x:1002:\nextra:x:1003:app,other\nwheel:x:10:root\n")


@pytest.mark.parametrize("text, expected", [
    ("app", ("user 1001 1002 1003", "/home/app")), ("1001", ("user 1001 1002 1003", "/home/app")), ("7", ("user 7 0", "/")),
    ("app:extra", ("user 1001 1003", "/home/app")), ("7:8", ("user 7 8", "/")), ("root", ("user 0 0 10", "/root"))])
def test_users_by_name_and_number(text, expected):
    assert ACCOUNTS.resolve(text) == expected


@pytest.mark.parametrize("text, message", [("nobody", "no such user"), ("app:none", "no such group"), ("-1", "no such user"),
                                           ("99999999999", "no such user")])
def test_users_that_are_not_there(text, message):
    with pytest.raises(ExoError, match=message):
        ACCOUNTS.resolve(text)


@pytest.mark.parametrize("convert, text, expected", [
    (settings.limit, "nofile=10:20", "limit 7 10 20"), (settings.limit, "core=-1", f"limit 4 {2**64 - 1} {2**64 - 1}"),
    (settings.tmpfs, "/a b", "tmpfs - /a b"), (settings.tmpfs, "/a:size=1m,mode=700", "tmpfs size=1m,mode=700 /a"),
    (settings.hostname, "box-1", "hostname box-1")])
def test_lines_of_the_settings(convert, text, expected):
    assert convert(text) == expected


@pytest.mark.parametrize("convert, text", [
    (settings.limit, "nofile"), (settings.limit, "files=3"), (settings.limit, "nofile=9:1"), (settings.limit, "nofile=a"),
    (settings.tmpfs, "a"), (settings.tmpfs, "/a:x y"), (settings.tmpfs, "/a\nread-only"), (settings.hostname, ""),
    (settings.hostname, "a b"), (settings.hostname, "a\nb"), (settings.hostname, "a" * 65)])
def test_settings_that_make_no_sense(convert, text):
    with pytest.raises(ValueError):
        convert(text)


def test_a_file_of_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTSIDE", "o")
    monkeypatch.delenv("ABSENT", raising=False)
    (tmp_path / "env").write_text("# c\nA=1 # not a comment\n\nOUTSIDE\nABSENT\nB=\n")
    assert settings.read_env_file(str(tmp_path / "env")) == [("A", "1 # not a comment"), ("OUTSIDE", "o"), ("B", "")]
    (tmp_path / "env").write_text("A B=1\n")
    with pytest.raises(ExoError, match="line 1"):
        settings.read_env_file(str(tmp_path / "env"))
