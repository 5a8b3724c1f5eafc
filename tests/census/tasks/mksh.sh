# arrays, coprocesses, arithmetic and string operators
cat >t.ksh <<'E'
set -A a 5 3 9; print "${a[@]}" "${#a[*]}"; a+=(1); print ${a[3]}
typeset -i16 h=255; print $h; typeset -Z5 z=42; print $z; typeset -u u=up; print $u
cat |& print -p hello; read -p x; print $x; exec 3>&p; exec 3>&-
x=path/to/file.c; print ${x##*/} ${x%.c} ${x/to/from}; print $((1 << 10)) $((7 % 3))
function f { typeset l=1; print "$0 $l"; } ; f; print $'a\tb' >out; wait; print -r -- "$(<out)"
E
mksh t.ksh
