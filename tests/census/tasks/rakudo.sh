# grammars, junctions, lazy lists and multi methods
# limit: 300
cat >t.raku <<'E'
my @fib = 1, 1, * + * ... *;
say @fib[^15];
grammar Sum { token TOP { <n>+ % '+' } token n { \d+ } }
say Sum.parse('1+22+333')<n>.map(+*).sum;
multi sub f(Int $x) { "int" } multi sub f(Str $x) { "str" }
say f(1), f("a"); say so 3 == any(1, 2, 3);
say (1 .. 20).grep(*.is-prime); say 2 ** 100;
spurt "out", "hello\n" x 3; say "out".IO.lines.elems;
my $p = start { (1 .. 1000).sum }; say await $p;
E
raku t.raku
