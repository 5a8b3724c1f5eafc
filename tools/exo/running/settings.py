"""What docker's words --user, --hostname, --tmpfs, --ulimit, --read-only and --env-file mean for the machine (docs/run_protocol.md)."""

from __future__ import annotations

from ..errors import ExoError

# setrlimit(2)'s numbers by the names that docker has for them, and whether docker counts in another unit than the kernel.
LIMITS = {"cpu": 0, "fsize": 1, "data": 2, "stack": 3, "core": 4, "rss": 5, "nproc": 6, "nofile": 7, "memlock": 8, "locks": 10,
          "sigpending": 11, "msgqueue": 12, "nice": 13, "rtprio": 14, "rttime": 15}
UNLIMITED = (1 << 64) - 1
HIGHEST_ID = (1 << 32) - 2
MOST_GROUPS = 64


def limit(text: str) -> str:
    """NAME=SOFT[:HARD] as a line of the settings. Errors: ValueError."""
    name, equals, values = text.partition("=")
    if name not in LIMITS or not equals:
        raise ValueError(f"it should be NAME=SOFT[:HARD] with one of {', '.join(LIMITS)}")
    soft, colon, hard = values.partition(":")
    numbers = [_limit_value(word) for word in ((soft, hard) if colon else (soft, soft))]
    if numbers[0] > numbers[1]:
        raise ValueError("the soft limit is above the hard one")
    return f"limit {LIMITS[name]} {numbers[0]} {numbers[1]}"


def _limit_value(word: str) -> int:
    if word in ("-1", "unlimited"):
        return UNLIMITED
    if not word.isascii() or not word.isdigit() or int(word) > UNLIMITED:
        raise ValueError("a limit is a number, or -1 for none")
    return int(word)


def tmpfs(text: str) -> str:
    """PATH[:OPTIONS] as a line of the settings. Errors: ValueError."""
    path, _, options = text.partition(":")
    if not path.startswith("/") or "\n" in text or " " in options:
        raise ValueError("it should be PATH[:OPTIONS], with a path that begins with '/'")
    return f"tmpfs {options or '-'} {path}"


def hostname(text: str) -> str:
    """A line of the settings. Errors: ValueError."""
    if not 0 < len(text) <= 64 or not text.isascii() or not text.isprintable() or " " in text or "/" in text:
        raise ValueError("a host name has 1 to 64 letters, digits, points and hyphens")
    return f"hostname {text}"


def read_env_file(path: str) -> list[tuple[str, str]]:
    """KEY=VALUE in each line, or KEY alone for the value that it has outside; comments begin with #. Errors: ExoError."""
    import os
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ExoError(f"--env-file: {path}: {getattr(error, 'strerror', None) or 'it is not text'}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.lstrip().partition("=")
        if not key or " " in key:
            raise ExoError(f"--env-file: {path}, line {number}: it should be KEY=VALUE")
        if equals or key in os.environ:
            found.append((key, value if equals else os.environ[key]))
    return found


class Accounts:
    """The users and groups of a root file system: the texts of its /etc/passwd and /etc/group (passwd(5), group(5))."""

    def __init__(self, passwd: str, group: str) -> None:
        self._users = [line.split(":") for line in passwd.split("\n") if line.count(":") >= 6]
        self._groups = [line.split(":") for line in group.split("\n") if line.count(":") >= 3]

    def resolve(self, text: str) -> tuple[str, str]:
        """USER[:GROUP], each a name or a number, as the line of the settings, and the home folder ("/" for an unknown number).

        Errors: ExoError for a name that is not there. Source: the OCI image specification, config.md, `User`.
        """
        user, colon, group = text.partition(":")
        row = next((row for row in self._users if row[0] == user), None) or next((row for row in self._users if row[2] == user), None)
        if row is None and not _is_id(user):
            raise ExoError(f"user {user}: the root's /etc/passwd has no such user")
        number = row[2] if row else user
        primary = row[3] if row else "0"
        if colon and group:
            named = next((entry for entry in self._groups if entry[0] == group), None)
            if named is None and not _is_id(group):
                raise ExoError(f"group {group}: the root's /etc/group has no such group")
            primary = named[2] if named else group
        more = [] if colon or row is None else [entry[2] for entry in self._groups if row[0] in entry[3].split(",") and entry[2] != primary]
        return f"user {number} {primary} {' '.join(more[:MOST_GROUPS - 1])}".rstrip(), row[5] if row and row[5] else "/"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= HIGHEST_ID


def accounts_of(archive: str) -> Accounts:
    """Those of a boot archive."""
    import mmap

    from ..archive import cpio
    texts = {"etc/passwd": "", "etc/group": ""}
    with open(archive, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name, data in cpio.find(content, set(texts), archive):
            texts[name] = data.decode(errors="replace")
    return Accounts(texts["etc/passwd"], texts["etc/group"])
