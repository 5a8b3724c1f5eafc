# Globs: stars, classes, hidden files, no match, quoting, in paths.
mkdir d; touch a.c b.c .hidden 'with space' d/x.h d/y.h Z1 Z2
echo *
echo *.c
echo [ab].c [!a].c
echo .h*
echo d/*.h */x.h
echo nomatch*
echo '*.c' "*.c" \*.c
for f in *; do echo "<$f>"; done
set -f; echo *.c; set +f
echo ?1 Z[0-9]
