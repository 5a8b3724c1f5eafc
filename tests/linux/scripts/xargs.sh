# xargs: batches, replacement, null separation, statuses.
seq 1 10 | xargs echo
seq 1 10 | xargs -n 3 echo
printf 'a\nb\n' | xargs -I{} echo '<{}>'
printf 'one two\0three\0' | xargs -0 -n1 echo
seq 1 500 | xargs -n 7 | wc -l
echo x | xargs false; echo $?
echo x | xargs sh -c 'exit 255' 2>/dev/null; echo $?
xargs echo none < /dev/null
xargs -r echo none < /dev/null
echo '"quoted word" plain' | xargs -n1 echo
