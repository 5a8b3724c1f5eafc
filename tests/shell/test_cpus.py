"""`./exo run --cpus N`: what programs see of several CPUs, and that work on all of them comes to its end."""

from __future__ import annotations

import pytest


def test_programs_see_as_many_as_were_asked_for(exo) -> None:
    script = ("nproc; grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online; ls -d /sys/devices/system/cpu/cpu[0-9]*; "
              "grep -c '^cpu[0-9]' /proc/stat; cat /sys/devices/system/cpu/cpu2/topology/core_id; grep Cpus_allowed /proc/self/status")
    done = exo.run("--cpus", "4", "--", "sh", "-c", script)
    folders = "".join(f"/sys/devices/system/cpu/cpu{number}\n" for number in range(4))
    assert done.stdout.decode() == f"4\n4\n0-3\n{folders}4\n2\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n"
    assert done.returncode == 0


def test_one_is_the_default(exo) -> None:
    assert exo.run("--", "sh", "-c", "nproc; cat /sys/devices/system/cpu/online").stdout == b"1\n0\n"


def test_a_program_stays_on_the_cpus_that_it_may_use(exo) -> None:
    # Field 39 of stat is the processor on which the process ran last.
    script = ("for cpu in 2 0 1; do taskset -p -c $cpu $$ >/dev/null; "
              "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); cut -d' ' -f39 /proc/self/stat; done | sort -u; done; "
              "taskset -c 1 grep Cpus_allowed_list /proc/self/status; taskset -c 7 true || echo refused")
    done = exo.run("--cpus", "3", "--", "sh", "-c", script)
    assert done.stdout.decode() == "2\n0\n1\nCpus_allowed_list:\t1\nrefused\n"


@pytest.mark.parametrize("cpus", ["2", "4", "8"])
def test_pipelines_and_processes_on_all_of_them_end(exo, cpus: str) -> None:
    script = ("for i in 1 2 3 4 5 6 7 8; do (seq 1 3000 | sort -n | tail -n 1) & done; wait; "
              "i=0; while [ $i -lt 60 ]; do i=$((i + 1)); /bin/true & /bin/true; done; wait; echo over")
    done = exo.run("--cpus", cpus, "--", "sh", "-c", script)
    assert done.stdout.decode() == "3000\n" * 8 + "over\n"
    assert done.returncode == 0


def test_busy_programs_run_at_the_same_time(exo) -> None:
    # Each CPU has been busy in user mode, though all four programs were started by one.
    script = "for i in 1 2 3 4; do timeout 3 sh -c 'while :; do :; done' & done; wait; awk '/^cpu[0-9]/ && $2 > 50 {print $1}' /proc/stat"
    assert exo.run("--cpus", "4", "--", "sh", "-c", script).stdout == b"cpu0\ncpu1\ncpu2\ncpu3\n"


def test_a_thread_that_runs_alone_gets_few_interrupts(exo) -> None:
    # With one every 10 ms there would be more than 100 in a second. The division of its time is as right as before.
    script = r"""function line(file, start,  text) {
            while ((getline text < file) > 0) if (text ~ start) break
            close(file)
            return text
        }
        function value(file, start,  words) { split(line(file, start), words, " "); return start == "" ? words[1] : words[2] }
        BEGIN {
            interrupts = value("/proc/stat", "^intr"); began = value("/proc/uptime", "")
            do { for (i = 0; i < 100000; ++i) x += i; took = value("/proc/uptime", "") - began } while (took < 3)
            print (value("/proc/stat", "^intr") - interrupts) / took, line("/proc/stat", "^cpu0")
        }"""
    done = exo.run("--", "awk", script)
    rate, _, user, _, system, *_ = done.stdout.split()
    assert 0 < float(rate) < 60
    assert int(user) > 9 * int(system)


@pytest.mark.parametrize("cpus", ["0", "9", "-1", "two", "1.5", ""])
def test_other_numbers_are_refused(exo, cpus: str) -> None:
    done = exo.run(f"--cpus={cpus}", "--", "true")
    assert done.returncode == 125 or done.returncode == 2
    assert b"not a number of CPUs from 1 to 8" in done.stderr
