"""What `exo trace` tells the kernel, and its command line, without a machine."""

import subprocess

import pytest
from conftest import ROOT
from exo import options
from exo.errors import UsageError
from exo.trace import command, filters, records
from exo.trace.text import Style
from exo.trace.tracer import Tracer
from exo.trace.values import Values
from trace_support import DESCRIPTIONS, NUMBERS


def settings(expressions: list[str], values: Values) -> bytes:
    chooser = filters.choose(expressions, DESCRIPTIONS)
    return Tracer(DESCRIPTIONS, chooser, values, Style(), "text", None).settings()


def of_call(data: bytes, number: int) -> int:
    return data[12 + number]


def test_the_kernel_is_told_which_calls_are_wanted():
    data = settings(["openat,epoll_ctl"], Values(string_limit=100))
    assert len(data) == 528 and data[8:12] == (100).to_bytes(4, "little")
    assert of_call(data, NUMBERS["openat"]) == of_call(data, 233) == records.IS_WANTED
    assert of_call(data, NUMBERS["read"]) == of_call(data, 400) == of_call(data, records.CALLS - 1) == 0


def test_every_call_is_wanted_unless_some_are_named():
    data = settings([], Values())
    assert all(of_call(data, number) & records.IS_WANTED for number in range(records.CALLS))


def test_the_kernel_is_told_which_arguments_are_descriptors():
    data = settings([], Values(shows_paths=True))
    result = 1 << records.RESULT_PLACE
    assert of_call(data, NUMBERS["openat"]) == records.IS_WANTED | 1 | result
    assert of_call(data, NUMBERS["mmap"]) == records.IS_WANTED | 1 << 4
    assert of_call(data, NUMBERS["fcntl"]) == records.IS_WANTED | 1 | result
    assert of_call(data, NUMBERS["getpid"]) == records.IS_WANTED


def parse(*words: str):
    return options.parse(command.COMMAND, list(words))


def test_options_of_strace_and_long_ones_of_run():
    parsed = parse("-tt", "-T", "-e", "openat", "-eread", "-s", "5", "--memory", "64", "--copy", "a:/b", "--env", "A=1", "--", "ls", "-l")
    assert (parsed.t, parsed.T, parsed.e, parsed.s, parsed.memory, parsed.env) == (2, True, ["openat", "read"], 5, 64, [("A", "1")])
    assert parsed.words == ["ls", "-l"]
    assert parse("-t", "-t", "-t", "x").t == 3 and parse("x").t is False and parse("-yT", "x").y


@pytest.mark.parametrize("words", [("-m", "64", "x"), ("-w", "/", "x"), ("-s", "-1", "x"), ("-s", "65537", "x"), ("-o", "|cat", "x"), ("-e",)])
def test_options_that_are_refused(words):
    with pytest.raises(UsageError):
        parse(*words)


def test_help_names_it():
    done = subprocess.run([f"{ROOT}/exo", "--help"], capture_output=True, text=True, timeout=60)
    assert "  trace " in done.stdout
    done = subprocess.run([f"{ROOT}/exo", "trace", "--help"], capture_output=True, text=True, timeout=60)
    assert "-e EXPRESSION" in done.stdout and "--copy HOST:GUEST" in done.stdout and "-m --memory" not in done.stdout
