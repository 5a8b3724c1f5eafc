# substitutes, moves lines, keeps a hold space and edits in place
seq 1 30 >f
sed -n '5,7p;$p' f && sed '/^1/!d; s/1/<&>/g' f | head -4
sed -n '1!G;h;$p' f | head -3
sed -E 's/^(.)(.)$/\2\1/; y/012/abc/' f | tail -3
sed -i.bak -e '2~3d' -e '/^4$/a\' -e 'added' f && wc -l f f.bak
printf 'a,b,c\n' | sed ':l; s/,/;/; tl; s/.*/\U&/'
sed '/3/{N;s/\n/+/}' f.bak | head -4 && sed = f | sed 'N;s/\n/\t/' | head -2
sed 's/x/y/w out' f.bak >/dev/null; sed 'k' f || echo "status $?"
