"""Makes small container images: OCI layouts out of lists of entries."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TYPES = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}
COMPRESSIONS = {"": "", "gzip": "+gzip", "zstd": "+zstd"}


class Entry(tarfile.TarInfo):
    """A member with its content."""

    content = b""


def entry(name: str, data="", kind: str = "file", mode: int | None = None, uid: int = 0, gid: int = 0, **records: str) -> Entry:
    """`data`: the content, or what a link leads to. `records`: pax records, with two underscores for a point."""
    member = Entry(name)
    member.pax_headers = {key.replace("__", "."): value for key, value in records.items()}
    member.type = TYPES[kind]
    member.mode = mode if mode is not None else 0o755 if kind == "folder" else 0o644
    member.uid, member.gid, member.mtime = uid, gid, 1_700_000_000
    member.content = data.encode() if isinstance(data, str) else data
    if kind in ("link", "hard"):
        member.linkname, member.content = data, b""
    if kind == "device":
        member.devmajor, member.devminor = 1, 3
    member.size = len(member.content)
    return member


def tar(entries: list[Entry]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in entries:
            archive.addfile(member, io.BytesIO(member.content))
    return stream.getvalue()


def compress(data: bytes, compression: str) -> bytes:
    if compression == "gzip":
        return gzip.compress(data, mtime=0)
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout if compression else data


class Layout:
    """An OCI layout in a folder, to which images are added."""

    def __init__(self, folder) -> None:
        self.folder = str(folder)
        self.manifests: list[dict] = []
        os.makedirs(os.path.join(self.folder, "blobs", "sha256"))
        self._write("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')

    def _write(self, name: str, data: bytes) -> None:
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def path(self, digest: str) -> str:
        return os.path.join(self.folder, "blobs", *digest.split(":"))

    def put(self, data: bytes, kind: str) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        self._write(f"blobs/sha256/{digest}", data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    def add(self, layers: list, config: dict | None = None, tag: str = "latest", architecture: str = "amd64", compression: str = "gzip",
            platform: bool = False) -> dict:
        """`layers`: lists of entries, or the bytes of an archive. Returns the manifest's descriptor."""
        described, digests = [], []
        for layer in layers:
            data = layer if isinstance(layer, bytes) else tar(layer)
            described.append(self.put(compress(data, compression), LAYER + COMPRESSIONS[compression]))
            digests.append("sha256:" + hashlib.sha256(data).hexdigest())
        settings = {"architecture": architecture, "os": "linux", "config": config or {}, "rootfs": {"type": "layers", "diff_ids": digests}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": described,
                    "config": self.put(json.dumps(settings).encode(), "application/vnd.oci.image.config.v1+json")}
        descriptor = self.put(json.dumps(manifest).encode(), MANIFEST)
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
        if platform:
            descriptor["platform"] = {"os": "linux", "architecture": architecture}
        self.manifests.append(descriptor)
        self.write_index()
        return descriptor

    def write_index(self) -> None:
        self._write("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode())
