# cmp, tee and the redirections of several descriptors.
echo same > a; echo same > b; echo some > c
cmp a b; echo $?
cmp a c; echo $?
cmp -s a c || echo differ
seq 1 3 | tee t1 t2 > t3; cat t1 t2 t3 | md5sum
echo more | tee -a t1 > /dev/null; wc -l < t1
{ echo out; echo err >&2; } > o 2> e; cat o e
{ echo out; echo err >&2; } > both 2>&1; cat both
echo to three 3>&1 >&3 | cat
{ echo swapped >&2; } 2>&1 | tr a-z A-Z
echo x > f; echo y >> f; cat < f; : > f; stat -c %s f
set -C; echo z > o 2>/dev/null || echo noclobber
ls nothing 2>&1 >/dev/null | sed 's/^[^:]*: //'
