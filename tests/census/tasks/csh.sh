# variables, loops, pipes and here documents
cat >t.csh <<'E'
set path_parts = (usr local bin)
foreach p ($path_parts)
  echo part $p
end
@ n = 3 * 4 + 1
echo $n
cat << F > out
line $n
F
grep -c line out && echo found
repeat 3 echo again
if ($?HOME) echo home
exit 5
E
bsd-csh -f t.csh || echo "status $?"
