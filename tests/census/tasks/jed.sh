# edits a file by a script in S-Lang
seq 10 >file
cat >t.sl <<'E'
() = find_file("file"); bob(); replace("5", "five"); eob(); insert("added\n"); bob();
variable n = 0; while (fsearch("1")) { n++; go_right(1); }
eob(); insert(sprintf("%d ones, line %d\n", n, what_line())); () = write_buffer("out");
exit_jed();
E
jed -batch -n -l ./t.sl </dev/null >log 2>&1 || echo "status $?"
cat out
rm -f log
