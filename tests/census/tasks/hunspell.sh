# finds misspelt words, suggests others and takes a dictionary of one's own
printf 'The quikc brown fox jumsp\n' >t
hunspell -d en_US -l t && echo quikc | hunspell -d en_US -a | tail -n +2
printf '2\nquikc\njumsp\n' >own.dic && printf 'SET UTF-8\n' >own.aff && hunspell -d en_US,./own -l t | wc -l
hunspell -d en_US -s <<E | head -4
walked
E
echo walked | hunspell -d en_US -m | head -2; hunspell -d none t 2>&1 | head -1
