"""`--packages` with Debian's own packages: a machine on our kernel has run their scripts, and what they configured works.

The root is made once for a user (two minutes on an idle host, with the packages fetched) and kept; the test then takes the one that is kept.
"""

import pytest

PACKAGES = "python3-minimal"
MAKING = 1500  # seconds
# What only configured packages have: dpkg's own audit, accounts, links of alternatives, the linker's cache, compiled modules.
SCRIPT = r"""
dpkg --audit
dpkg-query -f '${db:Status-Status}\n' -W | sort | uniq -c | awk '{ print NF, $2 }'
getent passwd daemon | cut -d: -f1,3
readlink /etc/alternatives/awk
ldconfig -p | grep -c libc.so.6
ls /usr/lib/python3.11/collections/__pycache__ | grep -c '^abc.*pyc$'
python3 -c 'import os, sys; print(sys.version_info[:2], os.stat("/etc/shadow").st_gid, oct(os.stat("/usr/bin/passwd").st_mode))'
stat -c '%U:%G %a' /etc/shadow /usr/bin/passwd
"""


def test_a_root_of_real_packages_is_configured(exo):
    done = exo.run("--packages", PACKAGES, "--", "/bin/sh", "-c", SCRIPT, timeout=MAKING)
    if done.returncode == 125 and b"the lists of Debian's packages cannot be fetched" in done.stderr:
        pytest.skip("no root of python3-minimal is kept, and Debian's mirror does not answer")
    assert done.returncode == 0, done.stderr.decode()
    assert b"could not be configured" not in done.stderr
    assert done.stdout.decode().splitlines() == [
        "2 installed", "daemon:1", "/usr/bin/mawk", "1", "1", "(3, 11) 42 0o104755", "root:shadow 640", "root:root 4755"]
