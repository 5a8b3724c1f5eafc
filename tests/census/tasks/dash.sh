# functions, loops, traps, redirections and arithmetic
cat >t.sh <<'E'
f() { local x=$1; [ "$x" -le 1 ] && echo 1 && return; echo $((x * $(f $((x - 1))))); }
f 6
i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i
trap 'echo caught' TERM; kill -TERM $$
exec 5>out; echo five >&5; exec 5>&-; cat out
for w in a "b c" d; do set -- "$@" "$w"; done; echo $# "$2"
case foo.c in *.h) echo h;; *.c) echo c;; esac
(echo sub; exit 4) || echo "status $?"
sleep 0.01 & wait; echo "waited $?"
echo ${undefined:-default} ${w#?} $(printf '%s|' *)
ulimit -n; umask
E
dash t.sh
