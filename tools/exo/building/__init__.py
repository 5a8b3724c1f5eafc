"""Builds the kernel, init and the call table, and knows when that is needed."""
