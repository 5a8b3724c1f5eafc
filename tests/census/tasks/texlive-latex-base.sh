# typesets a document with formulas, references and a table of contents
# limit: 600
# mask: content
printf '\\documentclass{article}\\begin{document}\\tableofcontents\\section{One}\\label{s}Text $x^2+\\frac{1}{y}$, see \\ref{s}.\\begin{tabular}{|c|c|}\\hline a&b\\\\\\hline\\end{tabular}\\cite{k}\\begin{thebibliography}{1}\\bibitem{k}Book\\end{thebibliography}\\end{document}\n' >t.tex
pdflatex -interaction=batchmode t >/dev/null && pdflatex -interaction=batchmode t >/dev/null && cat t.toc t.aux && grep -c Warning t.log || true
head -c 5 t.pdf && echo && latex -interaction=batchmode t >/dev/null && grep 'Output written' t.log | sed 's/, [0-9]* bytes//' ; printf '\\documentclass{article}\\begin{document}\\bad\\end{document}' >b.tex && pdflatex -interaction=batchmode b >/dev/null || echo "status $?"
grep -a '^! ' b.log; rm -f *.log; rm -rf home/.texlive*
