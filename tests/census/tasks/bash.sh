# arrays, process substitution, traps, job control and here documents
cat >t.bash <<'E'
declare -A m=([a]=1 [b]=2); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
mapfile -t lines < <(seq 5); echo "${lines[@]: -2}" "${#lines[@]}"
diff <(seq 3) <(seq 4) || echo "diff $?"
trap 'echo caught' USR1; kill -USR1 $$; trap 'echo bye' EXIT
(exit 3) & wait $!; echo "status $?"
coproc cat; echo hello >&"${COPROC[1]}"; read -r x <&"${COPROC[0]}"; echo "$x"; exec {COPROC[1]}>&-; wait
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
printf -v y '%05d' 42; echo "$y ${y//0/o} ${y^^} $((16#ff)) $(( 2**40 ))"
cat <<F >out
$(echo nested $(echo deeper))
F
set -o pipefail; false | true; echo "pipe $?"
set -m; sleep 100 & kill %1; wait %1 2>/dev/null; echo "job $?"
E
bash t.bash
