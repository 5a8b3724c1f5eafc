# sums, fields and substitutions
seq 1 2000 | mawk '{s += $1 * $1; n[$1 % 3] += $1} END {printf "%.0f %d %d %d\n", s, n[0], n[1], n[2]}'
printf 'a:b:c\nd:e:f\n' | mawk -F: '{print $3 $2 $1; gsub(/[aeiou]/, "<&>"); print}'
mawk 'BEGIN {while (("seq 3" | getline x) > 0) print "got " x; print length("four"), index("hello", "l"), toupper("up") > "out"}'
mawk 'BEGIN {srand(1); x = rand(); srand(1); print (x == rand()) ? "same" : "other"}'
