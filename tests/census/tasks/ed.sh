# edits a file by a script: search, substitute, move, join and write
seq 10 >file
ed -s file <<'E' || echo "status $?"
3,5s/$/ changed/
/7/m0
1,2j
g/8/s//eight/
a
last
.
=
,n
w out
!wc -l out
q
E
cat out
