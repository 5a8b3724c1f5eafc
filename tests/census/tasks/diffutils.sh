# compares files and trees, three ways and side by side
seq 20 >a && sed 's/^5$/five/; 15d' a >b && sed 's/^10$/ten/' a >c
diff a b || echo "status $?"
diff -u --label a --label b a b || true
diff -y -W 30 --suppress-common-lines a b || true
diff3 -m b a c
cmp a b || echo "status $?"
cmp -l a c | head -3
mkdir x y && cp a x && cp b y/a && touch y/only && diff -rq x y || true
printf 'l\nr\n' | sdiff -o merged a b >/dev/null || cat merged
diff -e a b | tee ed.script | wc -l
