# seq, for, while, until, break, continue, nested loops.
seq 3; seq 2 5 | tr '\n' ' '; seq 10 -3 1 | tr '\n' ' '; seq -s, 1 5; seq -w 8 11
for i in 1 2 3 4 5 6; do [ $i -eq 2 ] && continue; [ $i -eq 5 ] && break; echo $i; done
i=3; until [ $i -eq 0 ]; do echo -n "$i "; i=$((i - 1)); done; echo
for i in 1 2; do for j in a b c; do [ $j = b ] && continue 2; echo $i$j; done; done
while :; do while :; do break 2; done; done; echo out
for x; do echo never; done
n=0; while [ $n -lt 1000 ]; do n=$((n + 1)); done; echo $n
i=0; while read l; do i=$((i + 1)); done < /etc/passwd; echo $i
