#!/usr/bin/env python3
"""Checks the models in this folder with spin: every interleaving, deadlocks, assertions, and each model's claim.

Usage: run.py [PATTERN]. Ends with the line `N passed, N failed`.
spin's verifier exits 0 on a violated assertion, so its report is read instead of its status.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent


def check(model: Path) -> str:
    """Empty if the model holds, else what the verifier printed."""
    with tempfile.TemporaryDirectory() as work:
        generated = subprocess.run(["spin", "-a", str(model)], cwd=work, capture_output=True, text=True)
        if generated.returncode != 0:
            return generated.stdout + generated.stderr
        subprocess.run(["cc", "-O2", "-w", "-o", "pan", "pan.c"], cwd=work, check=True)
        command = ["./pan", "-m1000000"]
        if "never {" in model.read_text():
            command.append("-a")
        report = subprocess.run(command, cwd=work, capture_output=True, text=True).stdout
    if re.search(r"errors: 0\b", report) and "max search depth too small" not in report:
        return ""
    return report


def main() -> int:
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for model in sorted(FOLDER.glob("*.pml")):
        if pattern not in model.name:
            continue
        problem = check(model)
        print(f"{'FAILED' if problem else 'ok':6} {model.name}")
        if problem:
            print(problem)
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
