# cut, tr, head, tail, wc, paste, rev, tac, nl, fold, expand.
printf 'a:b:c\nd:e:f\n' > t
cut -d: -f2 t; cut -c1,5 t; cut -d: -f1,3 t
tr a-z A-Z < t; tr -d : < t; echo aabbcc | tr -s a-c; echo hello | tr -c 'a-z\n' '?'
seq 1 20 | head -3 | tail -1; seq 1 20 | tail -n +19; seq 1 5 | head -n -2
wc t | sed 's/  */ /g'; wc -c < t; printf 'no newline' | wc -l
seq 1 4 | paste -s -d+ -; paste t t
rev t; tac t; nl t | sed 's/^ *//'
echo abcdefghij | fold -w 4
printf 'a\tb\n' | expand -t 4
tail -c 4 t; head -c 3 t; echo
