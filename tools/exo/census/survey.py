"""A run of the census: the roots, the machines, the verdicts."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ..progress import Progress
from ..roots import debian
from . import oracle
from .catalog import Group, Program
from .compare import NOT_RUN, Verdict, is_plainly_same, judge
from .machine import FIRST, Machines, Outcome

AT_ONCE = min(2, os.cpu_count() or 1)


class Survey:
    """Runs programs and hears of each what became of it. `is_again`: Linux is asked again."""

    def __init__(self, kernel: str, groups: list[Group], is_again: bool = False, jobs: int = AT_ONCE) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.linux: dict[str, list[Outcome]] = {}
        self._kernel = kernel
        self._groups = {group.name: group for group in groups}
        self._is_again = is_again
        self._jobs = jobs
        self._machines = Machines()
        self._lock = threading.Lock()

    def run(self, programs: list[Program], on_verdict, deadline: float | None = None) -> list[Program]:
        """`on_verdict(program, verdict)` hears of each. No group is begun after `deadline` (monotonic seconds), which moves by the time that
        roots take to be made; returns what is left.

        Errors: ExoError where a root cannot be made or a machine cannot be started.
        """
        here = [program for program in programs if not program.needs]
        for program in programs:
            if program not in here:
                self._settle(program, Verdict(NOT_RUN, why=f"it needs {program.needs}"), on_verdict)
        line = Progress("census")
        left: list[Program] = []
        try:
            for name in dict.fromkeys(program.group for program in here):
                members = [program for program in here if program.group == name]
                if deadline is not None and time.monotonic() > deadline:
                    left += members
                    continue
                begun = time.monotonic()
                archive = debian.ensure(self._groups[name].packages, "missing")
                if deadline is not None:
                    deadline += time.monotonic() - begun
                self._run_group(name, archive, members, on_verdict, line)
        except BaseException:
            self._machines.stop()
            raise
        finally:
            line.close()
        return left

    def _run_group(self, name: str, archive: str, members: list[Program], on_verdict, line: Progress) -> None:
        linux = oracle.kernel()
        first, second = oracle.RUNS
        answers = {program.name: [] if self._is_again else oracle.cached(program, archive, linux) for program in members}
        unknown = [program for program in members if not answers[program.name]]
        found = self._run_machines(line, name, archive, [(linux, unknown, first), (self._kernel, members, FIRST)])
        for task, outcome in found[0].items():
            answers[task] = [outcome]
        here = found[1]
        for program in unknown:
            self._keep(program, archive, linux, answers[program.name])
        # Where both did the same in one run there is nothing that a second one could show.
        open_ones = [program for program in members if len(answers[program.name]) < 2
                     and not is_plainly_same(answers[program.name][0], here[program.name])]
        for task, outcome in self._run_machines(line, f"{name}, on Linux again", archive, [(linux, open_ones, second)])[0].items():
            answers[task].append(outcome)
        line.close()
        for program in members:
            outcomes = answers[program.name]
            self._keep(program, archive, linux, outcomes)
            self.linux[program.name], self.outcomes[program.name] = outcomes, here[program.name]
            self._settle(program, judge(outcomes[0], outcomes[-1], here[program.name], tuple(program.masks)), on_verdict)

    @staticmethod
    def _keep(program: Program, archive: str, linux: str, outcomes: list[Outcome]) -> None:
        if all(outcome.status.isdigit() for outcome in outcomes):
            oracle.save(program, archive, linux, outcomes)

    def _run_machines(self, line: Progress, what: str, archive: str, runs: list) -> list[dict[str, Outcome]]:
        """`runs`: kernels, tasks and conditions. Returns the outcomes of each."""
        results: list[dict[str, Outcome]] = [{} for _ in runs]
        total, done = sum(len(tasks) for _, tasks, _ in runs), 0

        def into(found: dict[str, Outcome]):
            def note(task: str, outcome: Outcome) -> None:
                nonlocal done
                with self._lock:
                    found[task] = outcome
                    done += 1
                    line.show(what, f": {done} of {total} tasks done (last: {task})")
            return note

        if total:
            line.show(what, f": {total} tasks to do")
        with ThreadPoolExecutor(self._jobs) as pool:
            futures = [pool.submit(self._machines.run, kernel, archive, tasks, conditions, into(found))
                       for (kernel, tasks, conditions), found in zip(runs, results)]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._machines.stop()
                raise
        return results

    def _settle(self, program: Program, verdict: Verdict, on_verdict) -> None:
        self.verdicts[program.name] = verdict
        on_verdict(program, verdict)
