#!/usr/bin/python3
"""Python's own suite (libpython3.11-testsuite) on Linux and on Exo-OS, compared test by test.

A module is run by `python3 -m test -v` in both machines, for at most 60 s of Linux's time, or 900 s where modules.LONG names it. A run lasts as
long as --minutes says; the next one goes on where it ended, as long as neither the kernel nor the root has changed. What Linux did is kept in build/oracle/python.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from exo import paths  # noqa: E402
from exo.machine import debian_kernel  # noqa: E402
from exo.errors import ExoError  # noqa: E402
from exo.python_suite import compare, modules, page, survey  # noqa: E402
from exo.roots import debian  # noqa: E402

MINUTES = 9.0
SHOWN = 12


def main() -> int:
    parser = argparse.ArgumentParser(prog="./exo test python", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="N", help=f"when the machines are ended (default {MINUTES:g})")
    parser.add_argument("--save", action="store_true", help="put the results into docs/python_suite.json and docs/python_suite.md")
    parser.add_argument("--show", action="store_true", help="print each test that differs, and what the modules printed at their end")
    parser.add_argument("--again", action="store_true", help="run also what is known of this kernel")
    parser.add_argument("--list", action="store_true", help="show the modules and what became of them, and run nothing")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="machines at a time, of some 2.5 GiB each (default 2)")
    parser.add_argument("--kernel", default=paths.kernel("release"), help="another kernel")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="names or patterns; all without any")
    options = parser.parse_args()
    archive = debian.ensure(list(modules.PACKAGES), "missing")
    everything = modules.of_root(archive)
    chosen = modules.choose(options.modules, everything)
    before = page.passed_before()
    if options.list:
        known = page.read()["modules"]
        for name in chosen:
            print(f"{name:<45} {known.get(name, {}).get('result', 'not yet run')}")
        return 0
    counts = [0, 0]

    def tell(name: str, verdict: compare.Verdict) -> None:
        # Without words a module that is known to differ is no news.
        is_bad = verdict.result == compare.DIFFERS and (bool(options.modules) or name in before or name not in page.read()["modules"])
        counts[1 if is_bad else 0] += 1
        print(("FAIL " if is_bad else "") + describe(name, verdict, options.show), flush=True)

    run = survey.Survey(options.kernel, archive, options.again, options.jobs)
    alarm = threading.Timer(options.minutes * 60, run.stop)
    alarm.daemon = True
    alarm.start()
    left = run.run(chosen, tell)
    alarm.cancel()
    if options.save:
        linux = debian_kernel.ensure()
        page.save(everything, run.verdicts, f"{linux.package} {linux.version}")
    if left:
        print(f"not run, because {options.minutes:g} minutes were over: {len(left)} modules, from {left[0]} on; the next run goes on there")
    results = [verdict.result for verdict in run.verdicts.values()]
    print(", ".join(f"{word}: {results.count(word)}" for word in compare.RESULTS))
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


def describe(name: str, verdict: compare.Verdict, is_whole: bool) -> str:
    lines = [f"{verdict.result:<8} {name}: {verdict.linux.counts()['passed']} tests pass on Linux"
             + (f", {verdict.here.counts()['passed']} here" if verdict.here else "")]
    shown = sorted(verdict.differing.items())
    for test, (on_linux, here, why) in shown[:None if is_whole else SHOWN]:
        lines.append(f"    {test}: {here}, on Linux {on_linux}" + (f": {why}" if why else ""))
    if len(shown) > SHOWN and not is_whole:
        lines.append(f"    … {len(shown) - SHOWN} more")
    if is_whole:
        for what, report in (("Linux", verdict.linux), ("Exo-OS", verdict.here)):
            if report:
                lines.append(f"---- the end of what {name} printed on {what} (status {report.status})\n{report.printed.rstrip()}")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ExoError as error:
        print(f"python: {error}")
        print("0 passed, 1 failed")
        sys.exit(1)
