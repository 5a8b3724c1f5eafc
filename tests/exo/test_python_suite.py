"""`./exo test python`: the modules of a root, the driver's report, verdicts and the page. No machine is started."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from exo.census.machine import Outcome
from exo.errors import ExoError
from exo.python_suite import compare, modules, page
from exo.python_suite.compare import ABSENT, DIFFERS, INTERNET, SAME, SLOW, UNFIT, Report, judge

PLACE = "usr/lib/python3.11/test"


def report(*events, status="0", printed=""):
    return Report(Outcome(status, "".join(json.dumps(list(event)) + "\n" for event in events) + f"@@PRINTED\n{printed}", []))


# ---- Modules

def test_a_package_is_one_module_or_is_run_piece_by_piece():
    names = [f"{PLACE}/{name}" for name in ("test_zlib.py", "test_json/__init__.py", "test_json/test_dump.py", "test_os.py", "support.py",
                                            "test_asyncio/__init__.py", "test_asyncio/test_events.py", "test_asyncio/utils.py")]
    assert modules.ordered(names, "root") == ["test_asyncio.test_events", "test_os", "test_json", "test_zlib"]
    with pytest.raises(ExoError, match="no module of Python's suite"):
        modules.ordered(["usr/bin/python3"], "root")


def test_modules_are_chosen_by_pattern_and_by_package():
    everything = ["test_asyncio.test_events", "test_asyncio.test_tasks", "test_os", "test_posix"]
    assert modules.choose(["test_asyncio"], everything) == everything[:2]
    assert modules.choose(["test_o*"], everything) == ["test_os"]
    with pytest.raises(ExoError, match="did you mean test_posix"):
        modules.choose(["test_posx"], everything)


def test_a_task_has_no_word_left_that_should_be_filled_in():
    task = modules.Task("test_os", 60)
    assert "/driver.py test_os 58 /report" in task.text and "timeout -k 3 60 " in task.text and task.limit > 60
    assert not [word for word in ("@DRIVER@\n", "@MODULE@", "@LIMIT@", "@DUMP@") if word in task.text]


def test_a_module_that_starts_many_processes_has_more_time():
    assert modules.linux_limit("test_multiprocessing_fork") == modules.LONG_LIMIT > modules.linux_limit("test_os") == modules.LINUX_LIMIT
    assert f"timeout -k 3 {modules.HERE * modules.LONG_LIMIT} " in modules.here_task("test_signal").text


# ---- The driver, with this machine's own Python

def run_driver(folder, text: str) -> Report:
    package = folder / "suite" / "test"
    (package / "libregrtest").mkdir(parents=True)
    (package / "support").mkdir()
    (package / "__init__.py").write_text("")
    (package / "libregrtest" / "__init__.py").write_text(
        "import sys, unittest, importlib\n"
        "def main():\n"
        "    from test.support import testresult\n"
        "    module = importlib.import_module('test.' + sys.argv[-1])\n"
        "    suite = unittest.defaultTestLoader.loadTestsFromModule(module)\n"
        "    result = unittest.TextTestRunner(resultclass=testresult.RegressionTestResult).run(suite)\n"
        "    sys.exit(0 if result.wasSuccessful() else 2)\n")
    (package / "support" / "__init__.py").write_text("")
    (package / "support" / "testresult.py").write_text("import unittest\nclass RegressionTestResult(unittest.TextTestResult): pass\n")
    (package / "test_it.py").write_text("import os, socket, unittest\n" + text)
    subprocess.run([sys.executable, os.path.join(modules.FOLDER, "driver.py"), "test_it", "20", str(folder / "report")], check=False,
                   env={**os.environ, "PYTHONPATH": str(folder / "suite")}, capture_output=True, timeout=60)
    return Report(Outcome("0", (folder / "report").read_text() + "@@PRINTED\n", []))


def test_the_driver_says_what_became_of_each_test_and_which_made_an_internet_socket(tmp_path):
    found = run_driver(tmp_path, """
class A(unittest.TestCase):
    def test_good(self): socket.socket(socket.AF_UNIX).close()
    def test_bad(self): self.assertEqual(1, 2)
    def test_broken(self): os.stat('/no/such')
    @unittest.skip('for a reason')
    def test_left_out(self): pass
    @unittest.expectedFailure
    def test_known(self): self.fail()
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number): self.assertNotEqual(number, 1)
    def test_network(self): socket.socket(socket.AF_INET).close()
    def test_forks(self):
        child = os.fork()
        if not child:
            socket.socket(socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET)
            os._exit(0)
        os.waitpid(child, 0)
""")
    kinds = {name.rpartition(".")[2]: kind for name, (kind, _) in found.tests.items()}
    assert kinds == {"test_good": "ok", "test_bad": "fail", "test_broken": "error", "test_left_out": "skip", "test_known": "xfail",
                     "test_parts": "fail", "test_network": "ok", "test_forks": "ok"}
    assert "No such file" in found.tests["test.test_it.A.test_broken"][1] and "os.stat" in found.tests["test.test_it.A.test_broken"][1]
    assert found.internet == {"test.test_it.A.test_network", "test.test_it.A.test_forks"} and found.exit == 2


# ---- Verdicts

GOOD, SKIPPED = ("test.m.A.a", "ok"), ("test.m.A.b", "skip", "why")


def test_the_worst_end_of_a_test_counts():
    assert report(("t", "fail", "x"), ("t", "ok")).tests == {"t": ("fail", "x")}


def test_the_same_tests_are_the_same():
    verdict = judge(report(GOOD, SKIPPED, ("exit", 0)), report(SKIPPED, GOOD, ("exit", 0)))
    assert (verdict.result, verdict.compared) == (SAME, 2)


@pytest.mark.parametrize("here, kind", [((GOOD[0], "fail", "because"), "fail"), ((GOOD[0], "skip", "because"), "skip"), (None, ABSENT)])
def test_a_test_that_does_something_else_is_named(here, kind):
    verdict = judge(report(GOOD, SKIPPED, ("exit", 0)), report(*([here] if here else []), SKIPPED, ("exit", 2)))
    assert verdict.result == DIFFERS and list(verdict.differing) == [GOOD[0]] and verdict.differing[GOOD[0]][:2] == ("ok", kind)


def test_where_a_module_hangs_is_said():
    here = report(SKIPPED, status="124", printed="test_b (test.m.A.test_b) ... skipped\ntest_a (test.m.A.test_a) ... Timeout (0:00:58)!\n")
    verdict = judge(report(GOOD, SKIPPED, ("exit", 0)), here)
    assert verdict.differing[GOOD[0]] == ("ok", ABSENT, "its time was over in test.m.A.test_a")


def test_what_fails_on_linux_or_is_not_the_same_there_twice_is_not_compared():
    failing = judge(report(("t", "fail", "x"), GOOD, ("exit", 2)), report(("t", "ok"), GOOD, ("exit", 0)))
    assert (failing.result, failing.compared) == (SAME, 1)
    first, here = report(GOOD, SKIPPED, ("exit", 0)), report((GOOD[0], "fail", "x"), SKIPPED, ("exit", 2))
    assert judge(first, here, report((GOOD[0], "error", "y"), SKIPPED, ("exit", 2))).result == SAME
    assert judge(first, here, report(GOOD, SKIPPED, ("exit", 0))).result == DIFFERS
    assert judge(report(("t", "fail", "x"), ("exit", 2)), report(("exit", 2))).result == UNFIT


def test_a_test_that_fails_before_it_exists_on_linux_differs():
    assert judge(report(GOOD, ("exit", 0)), report(GOOD, ("setUpModule (test.m)", "error", "x"), ("exit", 2))).result == DIFFERS


def test_tests_with_internet_sockets_are_left_out():
    linux = report(("internet", GOOD[0]), GOOD, ("exit", 0))
    assert judge(linux, report((GOOD[0], "error", "EAFNOSUPPORT"), ("exit", 2))).result == INTERNET
    in_setup = report(("internet", ""), GOOD, ("test.n.B.c", "ok"), ("exit", 0))
    here = report(("setUpClass (test.m.A)", "error", "EAFNOSUPPORT"), ("test.n.B.c", "ok"), ("exit", 2))
    assert judge(in_setup, here).result == SAME
    # No other failure of a class is excused.
    assert judge(report(GOOD, ("exit", 0)), report(("setUpClass (test.m.A)", "error", "x"), ("exit", 2))).result == DIFFERS


def test_what_comes_behind_a_test_that_hangs_for_want_of_an_internet_socket_is_not_compared():
    hung = {"status": "124", "printed": "test_a (test.m.A.test_a) ... Timeout (0:00:58)!\n"}
    tests = [("test.m.A.test_a", "ok"), SKIPPED, ("test.m.A.test_z", "ok"), ("exit", 0)]
    verdict = judge(report(("internet", "test.m.A.test_a"), *tests), report(SKIPPED, **hung))
    assert (verdict.result, verdict.compared) == (SAME, 1)
    assert judge(report(("internet", ""), *tests), report(SKIPPED, **hung)).result == DIFFERS


def test_a_module_that_is_slow_on_linux_or_has_no_tests():
    assert judge(report(GOOD, status="124"), report(GOOD, ("exit", 0))).result == SLOW
    assert judge(report(GOOD, status="1", printed="test_a (test.m.A.test_a) ... Timeout (0:00:58)!\n"), report(GOOD, ("exit", 0))).result == SLOW
    assert judge(report(("exit", 0)), report(("exit", 0))).result == SAME
    assert judge(report(("exit", 0)), report(("exit", 2), printed="boom\n")).result == DIFFERS
    assert judge(report(("exit", 4)), report(("exit", 4))).result == UNFIT


# ---- The page

def test_the_page_says_what_differs_and_why(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "DATA", str(tmp_path / "python_suite.json"))
    monkeypatch.setattr(page, "PAGE", str(tmp_path / "python_suite.md"))
    monkeypatch.setattr(page, "causes", lambda: [("m.A.a*", "no such call")])
    good = judge(report(GOOD, ("exit", 0)), report(GOOD, ("exit", 0)))
    bad = judge(report(GOOD, SKIPPED, ("exit", 0)), report((GOOD[0], "fail", "a | b"), ("exit", 2)))
    page.save(["good", "m", "open"], {"good": good, "m": bad}, "linux 6.1")
    text = (tmp_path / "python_suite.md").read_text()
    assert "| m | A.a | fail, on Linux ok: a \\| b | no such call |" in text
    assert "| m | A.b | absent, on Linux skip: | not known |" in text
    assert "Same: 1, differs: 1, not yet run: 1." in text and "3 are compared\nand 1 do the same" in text
    page.save(["good", "m", "open"], {"open": good}, "linux 6.1")
    assert page.passed_before() == {"good", "open"}


def test_causes_name_modules_that_are_in_the_page():
    known = page.read()["modules"]
    for pattern, cause in page.causes():
        assert cause
        assert not known or any(page.cause_of(name, test, [(pattern, cause)]) == cause
                                for name, entry in known.items() for test in entry.get("differing", {})), pattern
