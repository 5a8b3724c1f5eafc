"""`--image`: a container image as a root file system, and what its configuration says of the program to start.

skopeo, started as a process, fetches and converts; an OCI layout is read here. Sources: the OCI image specification (image-layout.md,
image-index.md, manifest.md, config.md), containers-transports(5).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
import time

from .. import packages
from ..errors import ExoError
from ..process import say
from ..progress import Progress
from . import cache
from .layers import MOST_BYTES, Tree

SKOPEO = packages.Package("skopeo", "/usr/bin/skopeo", "fetches and converts container images")
TRANSPORTS = ("oci", "oci-archive", "docker-archive", "docker")
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
PLATFORM = ("linux", "amd64")
REF_NAME = "org.opencontainers.image.ref.name"
DIGEST = re.compile(r"(sha256|sha512):([0-9a-f]{64,128})")
LOCAL_REGISTRY = re.compile(r"docker://(localhost|127\.[0-9.]+|\[::1\])(:\d+)?/")
PIECE = 1 << 20
MOST_JSON = 16 << 20
FORMAT = 1


class Image:
    """A root that is there: its boot archive, and the image's configuration (config.md, the property `config`)."""

    def __init__(self, archive: str, config: dict, accounts: dict[str, str]) -> None:
        self.archive = archive
        self.config = config
        self.accounts = accounts  # the texts of passwd and group


def parse(reference: str) -> tuple[str, str, str]:
    """Transport, place and tag. A path alone is recognised by what is there. Errors: ExoError."""
    transport, colon, rest = reference.partition(":")
    if colon and transport in TRANSPORTS:
        if transport == "docker":
            if not rest.startswith("//") or len(rest) < 3:
                raise ExoError(f"--image {reference}: it should be docker://HOST/NAME:TAG")
            return transport, rest, ""
        place, _, tag = rest.partition(":")
        return transport, place, tag
    for place, tag in ((reference, ""), tuple(reference.rpartition(":")[::2])):
        if place and os.path.isdir(place):
            if not os.path.exists(os.path.join(place, "oci-layout")):
                raise ExoError(f"--image {reference}: the folder is no OCI image (it has no oci-layout); --rootfs takes a plain one")
            return "oci", place, tag
        if place and os.path.isfile(place):
            return _kind_of_archive(place, reference), place, tag
    raise ExoError(f"--image {reference}: no such file; images of a registry are named docker://HOST/NAME:TAG")


def _kind_of_archive(path: str, reference: str) -> str:
    try:
        with tarfile.open(path) as tar:
            names = {os.path.normpath(name) for name in tar.getnames()}
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ExoError(f"--image {reference}: not an archive of an image: {error}") from None
    if "oci-layout" in names:
        return "oci-archive"
    if "manifest.json" in names:
        return "docker-archive"
    raise ExoError(f"--image {reference}: neither an OCI nor a docker archive; --rootfs takes an archive of a plain tree")


def check(reference: str) -> tuple[str, str, str]:
    """The same, and that the place is there where it is of this system. Errors: ExoError."""
    transport, place, tag = parse(reference)
    if transport != "docker" and not os.path.exists(place):
        raise ExoError(f"--image {reference}: {place}: No such file or directory")
    return transport, place, tag


def ensure(reference: str, pull: str) -> Image:
    """The image's root, fetched and made where it is not there. `pull`: `missing`, or `always` to ask a registry again.

    Errors: ExoError.
    """
    transport, place, tag = check(reference)
    request = _request_path(transport, place, tag)
    if transport != "oci" and pull != "always":
        image = _known((cache.read_json(request) or {}).get("root"))
        if image:
            return image
    with cache.Lock():
        image = _known((cache.read_json(request) or {}).get("root")) if transport != "oci" and pull != "always" else None
        return image or _make(reference, transport, place, tag, request)


def _request_path(transport: str, place: str, tag: str) -> str:
    words = [str(FORMAT), transport, place, tag]
    if transport != "docker":
        status = os.stat(place)
        words[2:3] = [os.path.realpath(place), str(status.st_size), str(status.st_mtime_ns)]
    return cache.folder("requests", hashlib.sha256("\n".join(words).encode()).hexdigest()[:32] + ".json")


def _known(root) -> Image | None:
    if not re.fullmatch(r"[0-9a-f]{32}", str(root)):
        return None
    archive = cache.folder("roots", root + ".cpio")
    about = cache.read_json(cache.folder("roots", root + ".json"))
    if not isinstance(about, dict) or not os.path.exists(archive):
        return None
    os.utime(archive)
    return Image(archive, about["config"], about["accounts"])


def _make(reference: str, transport: str, place: str, tag: str, request: str) -> Image:
    line = Progress(f"the image {reference}")
    try:
        if transport == "oci":
            return _from_layout(_Layout(place, reference), tag, reference, None, line)
        os.makedirs(cache.folder("roots"), exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=cache.folder("roots")) as folder:
            layout = os.path.join(folder, "layout")
            line.show("fetching" if transport == "docker" else "reading")
            _copy(f"{transport}:{place}{f':{tag}' if tag else ''}", layout, reference)
            return _from_layout(_Layout(layout, reference), "", reference, request, line)
    finally:
        line.close()


def _copy(source: str, layout: str, reference: str) -> None:
    """Any image as an OCI layout, by skopeo, which checks the digests of what it reads."""
    if not SKOPEO.is_there():
        packages.ensure((SKOPEO,), "--image")
    command = ["skopeo", "--insecure-policy", "--override-os", PLATFORM[0], "--override-arch", PLATFORM[1], "copy", "--quiet"]
    if LOCAL_REGISTRY.match(source):  # as docker has it: a registry on this machine needs no certificate
        command.append("--src-tls-verify=false")
    done = subprocess.run([*command, source, f"oci:{layout}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode != 0:
        raise ExoError(f"--image {reference}: {_reason(done.stdout.decode(errors='replace'))}")


def _reason(text: str) -> str:
    """What skopeo complains of, without its time stamps."""
    lines = [line for line in text.split("\n") if line.strip()]
    last = lines[-1] if lines else "skopeo failed without a reason"
    found = re.search(r'msg="(.*)"$', last)
    return found[1].replace('\\"', '"') if found else last


# ---- An OCI layout

class _Layout:
    """A folder with an index and blobs by their digests."""

    def __init__(self, folder: str, reference: str) -> None:
        self.folder = folder
        self.reference = reference

    def fail(self, what: str) -> ExoError:
        return ExoError(f"--image {self.reference}: {what}")

    def path(self, descriptor: dict) -> str:
        found = DIGEST.fullmatch(str(descriptor.get("digest")))
        if not found:
            raise self.fail(f"the digest {descriptor.get('digest')} is none")
        return os.path.join(self.folder, "blobs", found[1], found[2])

    def open(self, descriptor: dict):
        """A blob whose digest has been checked, from its start."""
        try:
            file = open(self.path(descriptor), "rb")
        except OSError as error:
            raise self.fail(f"{descriptor['digest']}: {error.strerror}") from None
        algorithm, _, wanted = descriptor["digest"].partition(":")
        digest = hashlib.new(algorithm)
        while piece := file.read(PIECE):
            digest.update(piece)
        if digest.hexdigest() != wanted:
            file.close()
            raise self.fail(f"{descriptor['digest']}: the content has another digest, {algorithm}:{digest.hexdigest()}")
        file.seek(0)
        return file

    def json(self, descriptor: dict) -> dict:
        with self.open(descriptor) as file:
            return self._parse(file.read(MOST_JSON), descriptor["digest"])

    def index(self) -> dict:
        try:
            with open(os.path.join(self.folder, "index.json"), "rb") as file:
                return self._parse(file.read(MOST_JSON), "index.json")
        except OSError as error:
            raise self.fail(f"index.json: {error.strerror}") from None

    def _parse(self, data: bytes, name: str) -> dict:
        try:
            value = json.loads(data)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no JSON object")
        return value

    def manifest(self, tag: str) -> tuple[dict, dict]:
        """The descriptor and the content of the manifest for this kind of machine."""
        chosen = self._choose(self.index(), tag)
        for _ in range(4):  # indexes may be nested
            value = self.json(chosen)
            if chosen.get("mediaType") not in INDEXES and "manifests" not in value:
                return chosen, value
            chosen = self._choose(value, "")
        raise self.fail("too many indexes in each other")

    def _choose(self, index: dict, tag: str) -> dict:
        entries = [entry for entry in index.get("manifests", []) if isinstance(entry, dict)]
        if tag:
            names = [str(entry.get("annotations", {}).get(REF_NAME)) for entry in entries]
            entries = [entry for entry, name in zip(entries, names) if name in (tag, f"latest:{tag}") or name.endswith(f":{tag}")]
            if not entries:
                raise self.fail(f"there is no tag {tag}; there are {', '.join(names) or 'none'}")
        fitting = [entry for entry in entries if _platform(entry) in (None, PLATFORM)]
        if not fitting:
            there = ", ".join(sorted({"/".join(_platform(entry) or ("?",)) for entry in entries})) or "none"
            raise self.fail(f"there is no image for {'/'.join(PLATFORM)}; there are {there}")
        return next((entry for entry in fitting if _platform(entry)), fitting[0])


def _platform(entry: dict) -> tuple[str, str] | None:
    platform = entry.get("platform")
    if not isinstance(platform, dict) or not platform.get("architecture"):
        return None
    return str(platform.get("os")), str(platform["architecture"])


def _from_layout(layout: _Layout, tag: str, reference: str, request: str | None, line: Progress) -> Image:
    descriptor, manifest = layout.manifest(tag)
    root = hashlib.sha256(f"{FORMAT} {descriptor['digest']}".encode()).hexdigest()[:32]
    image = _known(root)
    if image is None:
        image = _write_root(layout, manifest, root, reference, line)
    if request:
        cache.write_json(request, {"root": root, "reference": reference})
    return image


def _write_root(layout: _Layout, manifest: dict, root: str, reference: str, line: Progress) -> Image:
    started = time.monotonic()
    settings = layout.json(manifest.get("config") or {})
    platform = (str(settings.get("os", PLATFORM[0])), str(settings.get("architecture", PLATFORM[1])))
    if platform != PLATFORM:
        raise layout.fail(f"the image is for {'/'.join(platform)}, and not for {'/'.join(PLATFORM)}")
    config = settings.get("config") if isinstance(settings.get("config"), dict) else {}
    tree, archive = Tree(), cache.folder("roots", root + ".cpio")
    os.makedirs(os.path.dirname(archive), exist_ok=True)
    layers = manifest.get("layers") or []
    opened = []
    try:
        for number, descriptor in enumerate(layers):
            line.show("unpacking", f" layer {number + 1} of {len(layers)}")
            file = _unpacked(layout, descriptor, os.path.dirname(archive))
            opened.append(file)
            try:
                tar = tarfile.open(fileobj=file, mode="r:", errors="surrogateescape")
                opened.append(tar)
                tree.add(tar, number, f"--image {reference}: layer {number + 1}")
            except tarfile.TarError as error:
                raise layout.fail(f"layer {number + 1} is cut off or damaged: {error}") from None
        line.show("writing the root")
        with cache.Beside(archive) as output:
            tree.write(output)
        accounts = {name: tree.read(f"etc/{name}").decode(errors="replace") for name in ("passwd", "group")}
    finally:
        for file in reversed(opened):
            file.close()
    cache.write_json(cache.folder("roots", root + ".json"), {
        "kind": "image", "reference": reference, "config": config, "accounts": accounts, "seconds": round(time.monotonic() - started, 1)})
    line.close()
    say(f"--image: the root of {reference} is made ({os.stat(archive).st_size / (1 << 20):.0f} MiB) and kept for the next time")
    return Image(archive, config, accounts)


def _unpacked(layout: _Layout, descriptor: dict, folder: str):
    """A layer's tar archive as a file without a name."""
    from ..archive.archives import PROGRAMS, unpack_by_program
    from ..archive.cpio import compression_of
    source = layout.open(descriptor)
    start = source.read(8)
    source.seek(0)
    kind = compression_of(start)
    if kind is None:
        return source
    output = tempfile.TemporaryFile(dir=folder)
    with source:
        if kind in PROGRAMS:
            unpack_by_program(kind, 0, source, f"--image {layout.reference}: {descriptor['digest']}", output, MOST_BYTES)
        elif kind == "gzip":
            _unpack_gzip(source, output, layout)
        else:
            raise layout.fail(f"a layer is compressed with {kind}, which no image may be")
    output.seek(0)
    return output


def _unpack_gzip(source, output, layout: _Layout) -> None:
    import gzip
    import zlib
    size = 0
    try:
        with gzip.open(source) as stream:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > MOST_BYTES:
                    raise layout.fail(f"a layer unpacks to more than {MOST_BYTES >> 30} GiB")
                output.write(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise layout.fail(f"a layer's gzip data is damaged: {error}") from None
