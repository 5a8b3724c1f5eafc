# Exit codes: of subshells, pipelines, signals, missing and unusable commands.
(exit 3); echo $?
sh -c 'exit 300'; echo $?
true | false; echo $?
false | true; echo $?
set -o pipefail; false | true; echo $?; set +o pipefail
! true; echo $?
nonexistent_command 2>/dev/null; echo $?
touch plain; ./plain 2>/dev/null; echo $?
sh -c 'kill -9 $$'; echo $?
sh -c 'kill -SEGV $$'; echo $?
/ 2>/dev/null; echo $?
sh -e -c 'false; echo never'; echo $?
sh -u -c 'echo $undefined' 2>/dev/null; echo $?
sh -c 'if' 2>/dev/null; echo $?
