# lists, loops, aliases and expressions
cat >t.csh <<'E'
set l = (a b c); foreach x ($l); echo $x; end
@ i = 0
while ($i < 5); @ i++; end
echo $i $#l $l[2]
alias hi 'echo hello \!*'; hi there
if (-e t.csh) echo there
switch (foo)
case f*: 
  echo matched
  breaksw
endsw
echo `seq 3` | cat > out; set y = /a/b.c; echo $y:t $y:r $y:e
E
tcsh -f t.csh
