# globbing, associative arrays, parameter flags and floating point
cat >t.zsh <<'E'
typeset -A h=(one 1 two 2 three 3); print -l ${(kon)h} ; print ${(j:,:)${(on)${(v)h}}}
touch a.c b.c c.h; print *.c(oN) ; print *~*.c(N)
a=(5 3 9 1); print ${(n)a} ${a[2,3]} $#a; print ${(U)${:-hello}} ${(s:/:)${:-x/y/z}}
float f=1.5; print $((f * 3)) $((2 ** 10)); print -f '%05.2f\n' 3.14159
zmodload zsh/datetime zsh/stat zsh/zpty; zstat +size =true >/dev/null && print stat
f() { print "$0 $#" } ; f 1 2 3; { print in; return 0 } always { print always }
E
zsh -f t.zsh
