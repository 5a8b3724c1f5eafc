# diff and patch: a change made, shown, carried over, taken back.
seq 1 20 > a; sed 's/^7$/seven/;/^15$/d' a > b
diff a b; echo $?
diff -u a b | tail -n +3 > p
cat p | head -5
cp a c; patch c p > /dev/null; cmp b c && echo patched
patch -R c p > /dev/null; cmp a c && echo reversed
mkdir x y; cp a x; cp b y; echo new > y/n
diff -rq x y
diff a a; echo $?
