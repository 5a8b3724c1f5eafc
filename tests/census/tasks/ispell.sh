# finds misspelt words and makes a dictionary
printf 'The quikc brown fox jumsp over\n' >t
ispell -d american -l <t && echo quikc | ispell -d american -a | tail -n +2 | cut -c 1-50
printf 'apple/S\nwalk/DGS\n' | sort >words && echo 'walk/DGS' | ispell -d american -e2 | tr ' ' '\n' | sort | head -5
ispell -d american -c <<E | head -3
walked
E
buildhash words /usr/lib/ispell/american.aff own.hash >/dev/null 2>&1 && echo applez | ispell -d ./own.hash -l; rm -f own.hash words.*
