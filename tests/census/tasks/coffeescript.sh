# compiles and runs a script
# limit: 300
printf 'square = (x) -> x * x\nclass A\n  constructor: (@n) ->\n  up: -> @n += 1\na = new A 41\na.up()\nconsole.log (square i for i in [1..5]), a.n, "#{a.n} s", (k for k of {x: 1, y: 2})\n' >t.coffee
coffee t.coffee && coffee -c -p t.coffee | tail -n +2 && coffee -c t.coffee && ls t.js && coffee -e 'console.log 6 * 7' && echo 'a = (' | coffee -s 2>&1 | head -1
