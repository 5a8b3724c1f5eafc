# sums columns, counts words and sorts an array
seq 1 1000 | gawk '{s += $1; q[$1 % 7]++} END {print s; PROCINFO["sorted_in"] = "@ind_num_asc"; for (k in q) print k, q[k]}'
printf 'the cat the dog\na cat\n' | gawk '{for (i = 1; i <= NF; i++) c[$i]++} END {n = asorti(c, k); for (i = 1; i <= n; i++) print k[i], c[k[i]]}'
echo 'a=1;b=22' | gawk -F'[=;]' -v OFS=, '{$1 = $1; print; print gensub(/([0-9]+)/, "<\\1>", "g"), strftime("%F", 0, 1)}'
gawk 'BEGIN {cmd = "sort -r"; print "a" |& cmd; print "b" |& cmd; close(cmd, "to"); while ((cmd |& getline l) > 0) print l}'
gawk 'BEGIN {printf "%.10f %d %s\n", atan2(0, -1), 2 ^ 53, substr("hello", 2, 3) > "out"}'
