# compiles and runs a Common Lisp program
cat >t.lisp <<'E'
(defun fib (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(format t "~a ~a~%" (fib 15) (expt 2 100))
(defclass shape () ((side :initarg :side :reader side)))
(defmethod area ((s shape)) (* (side s) (side s)))
(format t "~a~%" (area (make-instance 'shape :side 7)))
(with-open-file (s "out" :direction :output :if-exists :supersede) (loop for i from 1 to 10 do (print (* i i) s)))
(with-open-file (s "out") (format t "~a~%" (loop for x = (read s nil) while x sum x)))
(format t "~{~a~^, ~}~%" (sort (list 5 3 9 1) #'<))
(handler-case (error "oops") (error (e) (format t "~a~%" e)))
E
clisp -q -norc t.lisp
clisp -q -norc -c t.lisp 2>&1 | grep -v '^$'
clisp -q -norc t.fas | tail -2
rm -f t.fas t.lib
