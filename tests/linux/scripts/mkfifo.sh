# Named pipes between processes, also two ways and many writers.
mkfifo p q
(cat p | tr a-z A-Z > out) & echo hello > p; wait; cat out
(while read x; do echo $((x * 2)); done < p > q) &
exec 3> p 4< q
echo 21 >&3; read y <&4; echo $y
echo 50 >&3; read y <&4; echo $y
exec 3>&- 4<&-; wait
exec 3<> p; for i in 1 2 3; do echo $i > p & done; wait
for i in 1 2 3; do read x <&3; echo $x; done | sort | tr '\n' ' '; echo; exec 3>&-
[ -p p ] && echo still a pipe
rm p q; ls
