# compiles and runs a program, in C beneath
# limit: 900
printf 'import std/[strutils, tables, sequtils, os, osproc]\nproc fib(n: int): int = (if n < 2: n else: fib(n - 1) + fib(n - 2))\necho fib(20), " ", toSeq(1..5).mapIt(it * it)\nvar t = initOrderedTable[string, int]()\nfor w in "the cat the dog".split: t[w] = t.getOrDefault(w) + 1\necho t\nwriteFile("out", "x".repeat(10)); echo readFile("out").len, " ", execProcess("echo child").strip\ntry: raise newException(ValueError, "mine")\nexcept ValueError as e: echo e.msg\niterator g(n: int): int =\n  for i in 0 ..< n: yield i * i\nfor x in g(3): stdout.write $x, " "\necho ""\n' >t.nim
nim c --hints:off --verbosity:0 -d:release t.nim && ./t && nim e --hints:off - <<'E' 2>&1 | tail -1
echo 6 * 7
E
echo 'let x: int = "s"' >b.nim && nim check --hints:off b.nim 2>&1 | grep -c Error; rm -rf t home/.cache home/.config home/.nimble
