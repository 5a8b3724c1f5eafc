# test: files, strings, numbers, combinations.
touch f; mkdir d; ln -s f l; mkfifo p; : > empty; echo x > full; chmod 000 f
t() { test "$@" && echo "$*: true" || echo "$*: false"; }
t -e f; t -f f; t -d d; t -f d; t -L l; t -h f; t -p p; t -s empty; t -s full; t -x f; t -c /dev/null; t -b /dev/null
t a = a; t a != a; t -z ''; t -n ''; t abc
t 1 -lt 2; t 10 -gt 9; t 5 -eq 5; t 5 -ne 5; t 3 -le 3; t 2 -ge 3
t a = a -a b = b; t a = b -o b = b; t ! a = b
t full -nt nothing; t f -ef l
[ -t 0 ] || echo no terminal
[ "$(id -u)" -eq 0 -a -r f ] && echo root reads all
test 1 -eq one 2>/dev/null; echo $?
