"""`./exo trace`: the system calls of a program and of its children, in strace's language.

The kernel sends records of what the traced tasks do over a port of its own (records.py; docs/trace_records.md). follow.py puts
them together to calls, which values.py shows by the descriptions of the calls (docs/call_descriptions.md) and special.py where
strace has a form of its own. text.py, json_lines.py and summary.py are the three outputs.
"""
