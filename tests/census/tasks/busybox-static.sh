# a pipeline of applets: sort, awk, sed, tar, gzip, vi and a shell
seq 50 | busybox shuf -n 50 | busybox sort -n | busybox awk '{s += $1} END {print s}'
mkdir d && busybox seq 10 >d/a && busybox ln -s a d/b
busybox tar czf d.tgz d && busybox tar tzf d.tgz | sort && busybox gunzip -c d.tgz | busybox wc -c
busybox find d | busybox sort | busybox xargs busybox md5sum 2>&1 | busybox grep -v directory
busybox sed -i 's/5/five/' d/a && busybox diff d/a d/b && echo same
busybox sh -c 'for i in 1 2 3; do echo $((i * i)); done | busybox tac'
busybox dc -e '2 64 ^ p' && busybox cal 1 2024 && busybox expr 6 \* 7
busybox stat -c '%s %a %F' d/a; rm d.tgz
