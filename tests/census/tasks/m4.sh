# macros, arithmetic, recursion and diversions
cat >t.m4 <<'E'
define(`forloop', `pushdef(`$1', `$2')_forloop($@)popdef(`$1')')dnl
define(`_forloop', `$4`'ifelse($1, `$3', `', `define(`$1', incr($1))$0($@)')')dnl
forloop(`i', 1, 8, `i*i=eval(i * i) ')
divert(1)second
divert(0)first
undivert(1)dnl
translit(`hello', `a-z', `A-Z') len(`four') regexp(`abc123', `[0-9]+', `\&')
syscmd(`echo from a shell')dnl
format(`%05d %s', 42, esyscmd(`printf x'))
E
m4 t.m4
m4 -DX=5 -Dforloop <<'E' | cksum
X X eval(X ** 10)
E
