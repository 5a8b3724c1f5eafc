"""Coverage of the running kernel: counters out of a machine's memory, a profile for LLVM's tools, a report.

The kernel of the preset `coverage` only counts. Everything else happens here: docs/how_to/coverage.md.
"""
