"""The `exo` command of Exo-OS.

One concept each: options (what the user may say), packages (what the system must have), build (what is out of date), progress
(work that takes minutes), cpio, archives and rootfs (the image), roots (Debian packages and container images, made and kept),
tar_entries (a tar stream as entries of an image), request (what to run), copies (what --copy adds), host_program and elf (a
command that only the host has), settings (docker's options, as init reads them), qemu (the machine), pump, terminal, kill_keys
and relay (the bytes), control (the protocol with the init inside), session, hints and result (how it ended), run and debug,
suites (the tests), calls, check, version.

Modules on the way to a started program import little: an `exo run` that has nothing to build must reach the
prompt in a fraction of a second, and argparse, subprocess, typing or pathlib alone cost 5 to 15 ms each.
"""
