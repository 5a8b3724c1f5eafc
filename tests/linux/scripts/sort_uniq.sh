# sort and uniq on tables.
printf 'pear 3\napple 10\nfig 3\napple 2\n' > t
sort t
sort -k2,2n -k1,1 t
sort -r t | head -1
cut -d' ' -f1 t | sort | uniq -c | sed 's/^ *//'
cut -d' ' -f1 t | sort | uniq -d
sort -u -k1,1 t
seq 1 6 > a; seq 4 9 > b
grep -xf a b | tr '\n' ' '; cat a b | sort | uniq -u | tr '\n' ' '; echo
printf '10\n9\n2\n33\n' | sort -n | tr '\n' ' '; echo
seq 3000 -1 1 | sort -n | md5sum
