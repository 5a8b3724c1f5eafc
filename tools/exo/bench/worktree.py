"""The release kernel of another commit, built in a work tree of its own."""

from __future__ import annotations

import os
import shutil

from .. import paths, process
from ..errors import ExoError

PRESET = "release"


def resolve(revision: str) -> str:
    """The full name of a commit. Errors: ExoError when git knows none."""
    status, text = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if status != 0:
        raise ExoError(f"git knows no commit {revision}" if os.path.exists(paths.in_root(".git")) else
                       "this tree is no git repository, so there is no other commit")
    return text.strip()


def kernel_of(commit: str, keep: bool) -> str:
    """The path of the commit's kernel. It is kept, as it never changes; its work tree only with `keep`.

    Errors: ExoError when it cannot be built.
    """
    result = paths.in_build("bench", "kernels", f"{commit[:12]}.elf")
    if os.path.exists(result):
        return result
    tree = paths.in_build("bench", "worktrees", commit[:12])
    try:
        _check_out(commit, tree)
        process.say(f"building the kernel of {commit[:12]}")
        process.run(["cmake", "--preset", PRESET], f"configuring {commit[:12]}", cwd=tree)
        built = os.path.join(tree, "build", PRESET)
        process.run(["ninja", "-C", built, "exo-os.elf"], f"building {commit[:12]}", cwd=tree)
        os.makedirs(os.path.dirname(result), exist_ok=True)
        shutil.copyfile(os.path.join(built, "exo-os.elf"), f"{result}.{os.getpid()}")
        os.replace(f"{result}.{os.getpid()}", result)
    finally:
        if not keep:
            remove(tree)
    return result


def _check_out(commit: str, tree: str) -> None:
    _git("worktree", "prune")  # what was removed without git
    if os.path.exists(tree):
        return  # kept: it is named after its commit
    status, text = _git("worktree", "add", "--quiet", "--detach", tree, commit)
    if status != 0:
        raise ExoError(f"git worktree add: {(text.strip().splitlines() or ['it failed'])[-1]}")


def remove(tree: str) -> None:
    _git("worktree", "remove", "--force", tree)
    shutil.rmtree(tree, ignore_errors=True)
    _git("worktree", "prune")


def _git(*arguments: str) -> tuple[int, str]:
    return process.capture(["git", *arguments], cwd=paths.ROOT)
