# columns, dumps and lines
printf 'a bb ccc\ndddd e f\n' | column -t && seq 20 | column -c 40 && printf 'x:1\ny:2\n' | column -s: -J -N k,v -n t
printf 'a\bab_\bc\n' | ul -t dumb; printf 'a\b_c\n' | col -b && printf 'abc\n' | colrm 2 2
seq 5 | hexdump -C && seq 3 | hd && seq 5 | hexdump -e '4/1 "%02x " "\n"'
printf 'word\nworm\nwound\n' >w && look wor w
write root </dev/null 2>&1 | head -1 | cut -c 1-6 || true
