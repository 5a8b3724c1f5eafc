# od, hexdump, xxd: bytes in all notations.
printf 'AB\0\377\n' > b
od b; od -c b; od -An -tx1 b; od -An -td2 b
hexdump -C b
xxd b
printf '%s' 41424344 | xxd -r -p; echo
seq 1 40 | od -j 10 -N 16 -c
head -c 64 /dev/zero | od
strings b /bin/busybox | grep -c 'BusyBox v'
