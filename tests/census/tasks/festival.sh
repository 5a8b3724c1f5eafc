# speaks a sentence into a file and evaluates Scheme
# limit: 600
echo 'the census' | text2wave -o s.wav -F 8000 && soxi -r s.wav && test $(soxi -s s.wav) -gt 4000 && echo spoken
printf '(print (+ 1 2))\n(print (mapcar (lambda (x) (* x x)) (list 1 2 3)))\n(print (car (lex.lookup "census" nil)))\n' >t.scm && festival -b t.scm
festival -b '(begin (set! u (utt.synth (Utterance Text "hello"))) (print (mapcar item.name (utt.relation.items u (quote Segment)))))'; rm s.wav
