# $(( )): operators, bases, precedence, assignment, overflow.
echo $((7 / 2)) $((-7 / 2)) $((7 % 3)) $((-7 % 3)) $((2 + 3 * 4)) $(((2 + 3) * 4))
echo $((0x1f)) $((017)) $((1 << 10)) $((255 >> 4)) $((5 & 3)) $((5 | 3)) $((5 ^ 3)) $((~5))
x=5; echo $((x++)) $x $((++x)) $((x += 10)) $((x > 3 ? 1 : 2))
echo $((9223372036854775807 + 1))
echo $((3 > 2 && 2 > 1)) $((!0)) $((1 == 1 || 1 / 1))
let y=6*7; echo $y
expr 6 \* 7; expr length hello; expr abc : 'a\(.\)c'
echo 'scale=4; 22/7' | bc
echo '2 3 + 4 * p' | dc
(echo $((1 / 0))) 2>/dev/null || echo division by zero: $?
