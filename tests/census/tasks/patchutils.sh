# filters, splits, joins and compares patches
mkdir a b && seq 20 >a/x && sed 's/^5$/five/' a/x >b/x && echo 1 >a/y && echo 2 >b/y
diff -ru a b | sed 's/\t.*//; /^diff/d' >p1 || true
lsdiff p1 && filterdiff -i '*/y' p1 && grepdiff five p1 && splitdiff -a p1 | sed 's/ .*//' | head -1; ls | sort
sed 's/five/FIVE/' p1 >p2 && interdiff p1 p2 | tail -n +2; flipdiff p1 p1 2>&1 | head -3 || true; rediff p1 p2 | head -3; recountdiff p1 | head -3
