# makes an index of a file of sayings and draws from it
printf 'only one saying\n%%\n' >sayings
strfile sayings sayings.dat
fortune /work/sayings
fortune -f /work/sayings 2>&1
unstr sayings | cat
fortune -s fortunes >drawn && test -s drawn && rm drawn && echo drawn
