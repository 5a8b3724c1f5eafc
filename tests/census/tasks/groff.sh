# formats a letter into PostScript and HTML, with pictures and references
# mask: times
printf '.ds LH\n.TL\nTitle\n.AU\nA B\n.NH\nOne\n.PP\nText with \\fBbold\\fP.\n.PS\nbox; arrow; box "b"\n.PE\n.TS\nc c.\na\tb\n.TE\n' >t.ms
groff -ms -p -t t.ms >t.ps && grep -c showpage t.ps && ps2pdf t.ps - | head -c 5 && echo && groff -ms -p -t -Tdvi t.ms | wc -c
groff -ms -t -Thtml t.ms 2>/dev/null | grep -E '<title|<h1' ; groff -ms -Tutf8 t.ms | head -5; groffer --version >/dev/null 2>&1 || true
printf '%%A Author\n%%T Book\n%%D 2024\n' >refs && printf '.PP\nsee\n.[\nAuthor\n.]\n' | refer -p refs | groff -ms -Tascii | grep . | head; grn </dev/null; rm -f t.ps grohtml-*
