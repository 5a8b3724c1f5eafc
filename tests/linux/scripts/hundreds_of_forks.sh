# limit: 30
# A loop over hundreds of commands, each a process of its own.
i=0
while [ $i -lt 150 ]; do
  /bin/busybox true && i=$((i + 1))
done
echo $i
n=0
for f in $(seq 1 100); do n=$((n + $(/bin/busybox echo $f))); done
echo $n
seq 1 100 | while read x; do (exit $((x % 3))) || echo -n .; done; echo
