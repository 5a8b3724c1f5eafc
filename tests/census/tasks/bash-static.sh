# a statically linked shell: loops, substitutions, named descriptors and subshells
cat >t.sh <<'E'
for i in {1..20..5}; do printf '%s ' "$i"; done; echo
x=$(for ((i = 0; i < 100; i++)); do echo $i; done | tail -1); echo $x
exec 3> >(cat >out); echo through >&3; exec 3>&-; wait $!; cat out
read -r -t 5 a b <<<"one two three"; echo "$b"; printf '%(%Y)T\n' 0
( ulimit -f 1; head -c 100000 /dev/zero >big ) 2>/dev/null; echo "limit $?"
rm -f big; echo ${BASH_VERSION%%.*} ${x@Q} "${PIPESTATUS[@]}"
E
bash-static t.sh
