# read: fields, IFS, backslashes, last lines without an end, files on other descriptors.
printf 'a b c\nd e\n' | while read x y; do echo "[$x][$y]"; done
printf 'root:x:0\nuser:x:1000\n' | while IFS=: read n p u; do echo "$n $u"; done
printf 'no newline' | { read l || echo "status 1, '$l'"; }
printf 'back\\slash\n' | { read l; echo "$l"; }
printf 'back\\slash\n' | { read -r l; echo "$l"; }
printf '  spaces  \n' | { IFS= read -r l; echo "[$l]"; }
seq 1 3 > f; exec 5< f; read a <&5; read b <&5; exec 5<&-; echo $a $b
while read l; do n=$((n + l)); done < f; echo $n
printf 'abcdef' | { read -n 3 l; echo $l; }
echo x | { read a b c; echo "[$a][$b][$c]"; }
read -t 1 l < /dev/null; echo $?
