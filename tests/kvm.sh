#!/bin/sh
# The suites under KVM, for a machine that has it: ./tests/kvm.sh [PATTERN of the suite shell].
#
# `shell` runs every './exo run' with --accel kvm. `kernel` and `linux` run with EXO_ACCEL=kvm: without counted
# instructions, so their clocks are the host's, and tests that measure time may differ where the emulator's do not.
# Ends with 1 where a suite fails, and with 125 where KVM cannot be used.
set -u
cd "$(dirname "$0")/.." || exit 125

can=$(./exo version | sed -n 's/^--accel kvm: //p')
case $can in
    "cannot be used here"*)
        echo "kvm.sh: KVM $can" >&2
        exit 125
        ;;
esac

status=0
EXO_RUN_OPTIONS="${EXO_RUN_OPTIONS:-} --accel kvm" ./exo test shell "$@" || status=1
EXO_ACCEL=kvm ./exo test kernel || status=1
EXO_ACCEL=kvm ./exo test linux || status=1
exit $status
