"""A run of the suite: machines for pieces of it, what they say kept as soon as it is known, so that the next run goes on from there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from .. import paths
from ..census import oracle
from ..census.machine import FIRST, SECOND, STOPPED, Machines, Outcome
from ..progress import Progress
from . import compare, modules

LINUX_FOLDER = paths.in_build("oracle", "python")
HERE_FOLDER = paths.in_build("python")
PIECE = 20  # modules a machine
SILENCE = 3600.0  # seconds of the host's time; the longest module here takes less, on a busy host too


class Survey:
    """Runs modules and hears of each what became of it. `is_again`: what is kept of this kernel's runs is made anew."""

    def __init__(self, kernel: str, archive: str, is_again: bool = False, jobs: int = 2) -> None:
        self.verdicts: dict[str, compare.Verdict] = {}
        self._kernel = kernel
        self._archive = archive
        self._linux = oracle.kernel()
        self._is_again = is_again
        self._jobs = jobs
        self._machines = Machines(SILENCE)
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        with open(kernel, "rb") as file:
            self._kernel_key = hashlib.sha256(file.read()).hexdigest()

    def stop(self) -> None:
        """The machines that run are ended, and none starts any more."""
        self._is_over.set()
        self._machines.stop()

    def run(self, names: list[str], on_verdict) -> list[str]:
        """`on_verdict(name, verdict)` hears of each; returns what is left when stop() was called. Errors: ExoError."""
        line = Progress("python")
        if self._is_again:
            self._forget(names)
        # What is known costs nothing, so it is told first.
        waiting = [name for name in names if not self._settle(name, on_verdict)]
        try:
            for piece in _pieces(waiting):
                self._run_machines(line, [(self._unknown_on_linux(piece), True, FIRST), (self._unknown_here(piece), False, FIRST)])
                line.close()
                waiting = [name for name in waiting if not (name in piece and self._settle(name, on_verdict))]
            # A test that differs is run on Linux once more, with another clock, other random numbers and other numbers of processes.
            for piece in _pieces([name for name in waiting if self._is_doubtful(name)]):
                self._run_machines(line, [(piece, True, SECOND)])
                line.close()
                waiting = [name for name in waiting if not (name in piece and self._settle(name, on_verdict))]
        except BaseException:
            self.stop()
            raise
        finally:
            line.close()
        return [name for name in waiting if not self._settle(name, on_verdict)]

    # ---- What is kept

    def _linux_outcomes(self, name: str) -> list[Outcome]:
        return oracle.cached(modules.linux_task(name), self._archive, self._linux, LINUX_FOLDER)

    def _here_key(self, name: str) -> str:
        task = modules.here_task(name)
        return hashlib.sha256("\0".join([task.text, os.path.basename(self._archive), self._kernel_key]).encode()).hexdigest()

    def _here_outcome(self, name: str) -> Outcome | None:
        try:
            with open(os.path.join(HERE_FOLDER, f"{name}.json"), encoding="utf-8") as file:
                entry = json.load(file)
        except (OSError, ValueError):
            return None
        return Outcome.of_json(entry["outcome"]) if entry["key"] == self._here_key(name) else None

    @staticmethod
    def _forget(names: list[str]) -> None:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(HERE_FOLDER, f"{name}.json"))

    def _keep_here(self, name: str, outcome: Outcome) -> None:
        os.makedirs(HERE_FOLDER, exist_ok=True)
        path = os.path.join(HERE_FOLDER, f"{name}.json")
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
            json.dump({"key": self._here_key(name), "outcome": {**outcome.as_json(), "files": []}}, file)
        os.replace(f"{path}.{os.getpid()}", path)

    def _keep_linux(self, name: str, outcome: Outcome) -> None:
        outcome.files = []
        task = modules.linux_task(name)
        oracle.save(task, self._archive, self._linux, [*self._linux_outcomes(name), outcome], LINUX_FOLDER)

    # ---- Machines

    def _unknown_on_linux(self, names: list[str]) -> list[str]:
        return [name for name in names if not self._linux_outcomes(name)]

    def _unknown_here(self, names: list[str]) -> list[str]:
        """Without those that Linux takes too long for."""
        def is_slow(name: str) -> bool:
            outcomes = self._linux_outcomes(name)
            return bool(outcomes) and compare.Report(outcomes[0]).is_cut_off()
        return [name for name in names if self._here_outcome(name) is None and not is_slow(name)]

    def _run_machines(self, line: Progress, runs: list) -> None:
        """`runs`: names, whether they run on Linux, and under which conditions; side by side."""
        if self._is_over.is_set():
            return
        total, done = sum(len(names) for names, _, _ in runs), 0

        def into(is_linux: bool):
            def note(name: str, outcome: Outcome) -> None:
                nonlocal done
                if outcome.status == STOPPED:
                    return
                with self._lock:
                    if is_linux and outcome.status.isdigit():
                        self._keep_linux(name, outcome)
                    elif not is_linux:
                        self._keep_here(name, outcome)
                    done += 1
                    line.show(f"{name} is done", f" ({done} of {total} runs of this piece)")
            return note

        def work(names: list[str], is_linux: bool, conditions) -> None:
            if names:
                task = modules.linux_task if is_linux else modules.here_task
                self._machines.run(self._linux if is_linux else self._kernel, self._archive,
                                   [task(name) for name in names], conditions, into(is_linux))

        with ThreadPoolExecutor(self._jobs) as pool:
            futures = [pool.submit(work, *run) for run in runs]
            for future in futures:
                future.result()

    # ---- Verdicts

    def _verdict(self, name: str) -> compare.Verdict | None:
        outcomes = [compare.Report(outcome) for outcome in self._linux_outcomes(name)]
        if not outcomes:
            return None
        if outcomes[0].is_cut_off():
            return compare.Verdict(compare.SLOW, outcomes[0], None)
        here = self._here_outcome(name)
        return compare.judge(outcomes[0], compare.Report(here), *outcomes[1:2]) if here else None

    def _is_doubtful(self, name: str) -> bool:
        verdict = self._verdict(name)
        return verdict is not None and verdict.result == compare.DIFFERS and len(self._linux_outcomes(name)) < 2

    def _settle(self, name: str, on_verdict) -> bool:
        """Whether its verdict is known. When there is no more time, a doubtful one is told as it stands."""
        verdict = self._verdict(name)
        if verdict is None or self._is_doubtful(name) and not self._is_over.is_set():
            return False
        if name not in self.verdicts:
            self.verdicts[name] = verdict
            on_verdict(name, verdict)
        return True


def _pieces(names: list[str]) -> list[list[str]]:
    return [names[start:start + PIECE] for start in range(0, len(names), PIECE)]
