# sed: substitution, groups, addresses, hold space, in-place.
seq 1 10 > n
sed -n '3,5p' n
sed '2d;4,8d' n
sed 's/\([0-9]\)\([0-9]\)/\2\1/' n | tail -1
sed -e '1i\top' -e '$a\bottom' n | sed -n '1p;$p'
sed '1!G;h;$!d' n | head -2
echo 'a,b;c' | sed 'y/,;/\n\t/'
echo aaa | sed 's/a/b/2'
echo aaa | sed 's/a/b/g;s/b/[&]/'
sed -i 's/1/one/' n
head -1 n
sed -n '/3/,/5/{s/^/> /;p}' n
sed 's/x//;t end;s/^/no /;:end' n | tail -2
