# compiles and runs a Scheme program
cat >t.ss <<'E'
(define (tak x y z) (if (not (< y x)) z (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y))))
(printf "~s ~s~%" (tak 12 8 4) (expt 7 50))
(define-record-type point (fields x y))
(printf "~s~%" (point-x (make-point 3 4)))
(with-output-to-file "out" (lambda () (for-each (lambda (i) (write i) (newline)) (iota 10))) 'replace)
(printf "~s~%" (with-input-from-file "out" (lambda () (let loop ((s 0)) (let ((x (read))) (if (eof-object? x) s (loop (+ s x))))))))
(printf "~s~%" (guard (e (#t (condition-message e))) (error 'f "oops")))
(printf "~s~%" (sort < '(5 3 9 1)))
E
if command -v chezscheme >/dev/null; then scheme=chezscheme; else scheme=scheme; fi
$scheme --script t.ss
