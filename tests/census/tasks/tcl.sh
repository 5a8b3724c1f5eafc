# strings, lists, files and a child process
cat >t.tcl <<'E'
proc fib n {if {$n < 2} {return $n}; expr {[fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]}}
puts [fib 15]
set l [lsort -integer {5 3 11 1}]
puts $l
set f [open out w]; puts $f [join $l ,]; close $f
puts [exec cat out | tr , \n | sort]
puts [regsub -all {(\d+)} "a1b22" {<\1>}]
puts [clock format 0 -gmt 1 -format %Y-%m-%d]
set p [open "|cat" r+]; fconfigure $p -buffering line; puts $p hello; puts [gets $p]; close $p
after 10 {set done 1}; vwait done; puts [dict get {a 1 b 2} b]
E
tclsh t.tcl
