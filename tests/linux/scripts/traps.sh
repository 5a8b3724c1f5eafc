# trap: on exit, on signals, ignored, reset, in subshells.
trap 'echo got USR1' USR1
kill -USR1 $$; echo after
trap '' TERM; kill -TERM $$; echo still here
trap - USR1
(trap 'echo subshell exits' EXIT; echo inside)
sh -c 'trap "echo int; exit 7" INT; kill -INT $$; echo never'; echo $?
sh -c 'trap "echo cleanup" EXIT; exit 5'; echo $?
sh -c 'kill -USR2 $$'; echo $?
sh -c 'trap "echo child" CHLD; sleep 0.05; true' | sort -u
trap 'echo bye $?' EXIT
true
