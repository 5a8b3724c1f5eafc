# tail calls, hash tables, big numbers and records
cat >t.scm <<'E'
(use-modules (srfi srfi-1) (ice-9 match) (ice-9 textual-ports))
(define (fact n) (if (zero? n) 1 (* n (fact (- n 1)))))
(display (fact 30)) (newline)
(let loop ((i 0)) (if (< i 100000) (loop (+ i 1)) (begin (display i) (newline))))
(write (map (lambda (x) (match x ((a . b) (+ a b)) (n n))) '((1 . 2) 5))) (newline)
(write (sort (delete-duplicates '(5 3 5 1)) <)) (newline)
(call-with-output-file "out" (lambda (p) (write '(a "b" #\c 1.5) p)))
(write (call-with-input-file "out" read)) (newline)
(write (call/cc (lambda (k) (for-each (lambda (x) (if (> x 2) (k x))) '(1 2 3)) 'none))) (newline)
E
GUILE_AUTO_COMPILE=0 guile --no-auto-compile t.scm
