# printf: every conversion, repeats, escapes, bad numbers.
printf '%d %i %u %o %x %X\n' 42 -42 42 42 255 255
printf '%5d|%-5d|%05d|%+d\n' 42 42 42 42
printf '%s|%10s|%-10s|%.2s\n' abc abc abc abc
printf '%f %.2f %e %g\n' 3.5 3.14159 12345.678 0.0001
printf '%c%c\n' hello x
printf '%b\n' 'tab\there'
printf '%s-%s\n' a b c
printf '%%\n'
printf '\101\x42\n'
printf '%d\n' 0x10 010 "'A"
printf '%d\n' abc 2>/dev/null; echo $?
printf '%*d\n' 6 42
