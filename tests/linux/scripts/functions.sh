# Functions: arguments, local variables, return values, recursion, redefinition.
add() { echo $(($1 + $2)); }
add 2 40
scope() { local v=inside; echo $v; w=changed; }
v=outside; w=old; scope; echo $v $w
even() { [ $(($1 % 2)) -eq 0 ]; }
for i in 1 2 3 4; do even $i && echo $i is even; done
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
fact 10
args() { echo $# "$1" "$*"; shift; echo $#; }
args 'a b' c d
early() { return 9; echo never; }; early; echo $?
add() { echo redefined; }; add
redirect() { echo to file; } > f; redirect; cat f
