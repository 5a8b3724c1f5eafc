# pages files: plain, numbered, compressed by a filter, and at a place
seq 200 >f && echo 'two words' >>f
less f | tail -1 && less -N +190 f </dev/null | wc -l && LESSOPEN='|tr a-z A-Z <%s' less f | tail -1
printf '#command\nx quit\n' >k && lesskey -o k.out k && test -s k.out && echo keys; lessecho -x'*' 'a b' '*'; rm k.out
