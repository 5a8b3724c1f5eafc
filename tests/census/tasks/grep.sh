# searches with basic, extended and Perl expressions, in trees and with context
seq 1 200 >n && printf 'The quick\nbrown fox\n\njumps over\nthe lazy dog\n' >t
grep -c 7 n && grep -n 'o[vx]' t && grep -iv the t
grep -E '^(1|2)[0-9]{2}$' n | tail -2 && grep -P '\d(?=9$)' -o n | tail -2
grep -A1 -B1 fox t && mkdir d && cp t d/u && grep -rl quick . | sort
grep -wo 'the\|fox' t && grep -F -x 7 n && grep -q nothing t || echo "status $?"
grep -z -o 'fox[^z]*lazy' t | tr '\0' '\n'
printf 'a\0b' >bin && grep b bin; grep -m1 q t
grep -e '[' t || echo "status $?"
