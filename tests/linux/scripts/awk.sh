# awk: fields, patterns, arrays, functions, printf, string functions.
printf 'ann 30 x\nbob 25 y\ncid 41 x\n' > t
awk '{ sum += $2 } END { print sum, NR, sum / NR }' t
awk '$2 > 26 { print $1 }' t
awk '{ count[$3]++ } END { for (k in count) print k, count[k] }' t | sort
awk -F: 'NR == 1 { print $1, $7 }' /etc/passwd
awk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print f(15) }'
awk 'BEGIN { printf "%5.2f|%-6s|%04d|%x\n", 3.14159, "ab", 42, 255 }'
awk 'BEGIN { s = "hello world"; gsub(/o/, "0", s); print s, length(s), index(s, "w"), substr(s, 7, 3), toupper(s) }'
awk 'BEGIN { n = split("a:b:c", p, ":"); print n, p[2] }'
awk 'BEGIN { while ((getline line < "t") > 0) n++; print n }'
awk 'BEGIN { "echo from a command" | getline x; print x }'
awk -v v=7 'BEGIN { print v * 6 }'
