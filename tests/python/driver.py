"""Runs one module of Python's own suite as `python3 -m test -v MODULE` does, and writes beside it what became of each test.

usage: driver.py MODULE SECONDS REPORT

REPORT gets a line of JSON for each event: [TEST, KIND] or [TEST, KIND, WHY], ["internet", TEST] for a test that has made an internet
socket in this process or a fork of it, ["exit", STATUS]. KIND is one of ok, skip, fail, error, xfail and xpass.
"""

import faulthandler
import fcntl
import json
import os
import socket
import sys
import traceback
import unittest

INTERNET = (socket.AF_INET, socket.AF_INET6)


class Report:
    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # Tests close what they did not open: the report's descriptor lies where they do not look.
        low, self.fd = self.fd, fcntl.fcntl(self.fd, fcntl.F_DUPFD_CLOEXEC, 900)
        os.close(low)
        self.process = os.getpid()
        self.running = ""
        self.seen = set()

    def write(self, *event):
        try:
            os.write(self.fd, json.dumps(event).encode() + b"\n")
        except OSError:
            pass  # a forked child that has closed all descriptors

    def hear(self, event, arguments):
        if event == "socket.__new__" and arguments[1] in INTERNET and self.running not in self.seen:
            self.seen.add(self.running)
            self.write("internet", self.running)


def name_of(test):
    test = getattr(test, "test_case", test)  # of a subtest
    return test.id() if callable(getattr(test, "id", None)) else str(test)


def place_of(error):
    """The exception and the last line of the test module that led to it."""
    kind, value, trace = error
    text = " ".join(traceback.format_exception_only(kind, value)[-1].split())
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if "/test/" in frame.filename and "/unittest/" not in frame.filename] or frames
    return f"{text} (at {os.path.basename(own[-1].filename)}:{own[-1].lineno}: {own[-1].line})" if own else text


def recording(base, report):
    class Recording(base):
        def startTest(self, test):
            report.running = name_of(test)
            super().startTest(test)

        def stopTest(self, test):
            super().stopTest(test)
            report.running = ""

        def note(self, test, kind, why=""):
            if os.getpid() == report.process:
                report.write(name_of(test), kind, *([why[:400]] if why else []))

        def addSuccess(self, test):
            self.note(test, "ok")
            super().addSuccess(test)

        def addSkip(self, test, reason):
            self.note(test, "skip", str(reason))
            super().addSkip(test, reason)

        def addFailure(self, test, err):
            self.note(test, "fail", place_of(err))
            super().addFailure(test, err)

        def addError(self, test, err):
            self.note(test, "error", place_of(err))
            super().addError(test, err)

        def addSubTest(self, test, subtest, err):
            if err is not None:
                self.note(test, "fail" if issubclass(err[0], test.failureException) else "error", place_of(err))
            super().addSubTest(test, subtest, err)

        def addExpectedFailure(self, test, err):
            self.note(test, "xfail")
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test):
            self.note(test, "xpass")
            super().addUnexpectedSuccess(test)

    return Recording


def main():
    module, seconds, path = sys.argv[1:]
    report = Report(path)
    from test.libregrtest import main as regrtest
    from test.support import testresult
    testresult.RegressionTestResult = recording(testresult.RegressionTestResult, report)
    sys.addaudithook(report.hear)
    sys.argv = ["python3 -m test", "-v", "--timeout", seconds, module]
    try:
        regrtest()
    except SystemExit as end:
        faulthandler.cancel_dump_traceback_later()
        report.write("exit", end.code if isinstance(end.code, int) else 1 if end.code else 0)
        raise


if __name__ == "__main__":
    main()
