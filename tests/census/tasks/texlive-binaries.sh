# TeX, bibliographies, indexes, fonts and DVI drivers by themselves
# limit: 600
# mask: content
printf 'Hello \\TeX. $a+b$ \\vfill\\eject Second.\\bye\n' >t.tex && tex -interaction=batchmode t >/dev/null && dvitype t.dvi 2>/dev/null | grep -c setchar && dvips -q -o t.ps t.dvi && grep -c '^%%Page:' t.ps
printf '\\relax\n\\citation{*}\n\\bibstyle{plain}\n\\bibdata{b}\n' >x.aux && printf '@book{k, author="A. Uthor", title="Book", publisher="P", year=2024}\n' >b.bib && bibtex x | tail -1; cat x.bbl
printf '\\indexentry{b}{1}\n\\indexentry{a}{2}\n\\indexentry{a}{3}\n' >i.idx && makeindex -q i && cat i.ind && kpsewhich plain.tex && tftopl cmr10.tfm 2>/dev/null | head -3 || true
printf 'beginfig(1); draw (0,0)--(10,20); endfig; end\n' >m.mp && mpost -interaction=batchmode m >/dev/null; ls m.1 && grep -c lineto m.1; rm -f t.ps *.log *.ilg *.blg; rm -rf home/.texlive*
