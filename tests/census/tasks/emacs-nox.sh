# evaluates Lisp, edits a buffer, calls a process and byte-compiles
# limit: 300
cat >t.el <<'E'
(with-temp-buffer (insert "the quick brown fox\n") (goto-char 1) (capitalize-word 2)
  (while (re-search-forward "o" nil t) (replace-match "0")) (write-region 1 (point-max) "out" nil 'silent)
  (message "%s" (buffer-string)))
(message "%s" (mapcar (lambda (x) (* x x)) (number-sequence 1 8)))
(message "%s" (shell-command-to-string "echo child | tr a-z A-Z"))
(message "%s" (secure-hash 'sha256 "abc"))
(require 'calc) (message "%s" (calc-eval "2^100"))
E
emacs --batch -Q -l t.el 2>&1
emacs --batch -Q -f batch-byte-compile t.el >/dev/null 2>&1 && test -s t.elc && echo compiled
rm -rf t.elc home/.emacs.d
