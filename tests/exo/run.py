#!/usr/bin/python3
"""Runs the tests of the exo command itself and ends with the line `N passed, N failed`.

usage: run.py [PATTERN]     PATTERN is a pytest expression as for its option -k
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "shell"))

import run as runner  # noqa: E402  (the runner of tests/shell, which this folder shares)

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(runner.main(HERE, sys.argv[1:]))
