# finds misspelt words, suggests others, and keeps a list of one's own
printf 'The quikc brown fox jumsp over the lazy dog\n' >t
aspell -l en list <t && printf 'quikc\nfox\n' | aspell -l en -a | cut -c 1-60 | tail -n +2
printf 'quikc\njumsp\n' | aspell --lang=en create master ./own.rws && aspell -l en --add-extra-dicts=./own.rws list <t | wc -l
aspell -l en munch-list <<E | head -2
walk
walked
E
aspell soundslike -l en <<E
hello
E
aspell dump config lang; rm -f own.rws
