# compiles to machine code, runs threads and collects garbage
cat >t.lisp <<'E'
(defun fib (n) (declare (fixnum n)) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(format t "~a ~a~%" (fib 24) (expt 3 60))
(let ((v (make-array 1000 :initial-element 1))) (format t "~a~%" (reduce #'+ v)))
(loop repeat 20 do (make-array 100000)) (sb-ext:gc :full t)
(format t "~a~%" (sb-thread:join-thread (sb-thread:make-thread (lambda () (loop for i from 1 to 1000 sum i)))))
(with-open-file (s "out" :direction :output :if-exists :supersede) (format s "~r~%" 1234))
(format t "~a~%" (with-output-to-string (s) (sb-ext:run-program "/bin/echo" '("child") :output s)))
(handler-case (/ 1 0) (division-by-zero () (format t "division~%")))
E
sbcl --noinform --non-interactive --no-userinit --no-sysinit --load t.lisp
