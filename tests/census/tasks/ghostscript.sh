# renders PostScript, makes PDF, and turns it back
printf '%%!\n/Helvetica findfont 24 scalefont setfont 20 50 moveto (Census) show 10 10 100 20 rectfill\n/f { dup 1 le { pop 1 } { dup 1 sub f mul } ifelse } def 10 f == showpage\n' >t.ps
gs -q -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r36 -g100x60 -sOutputFile=out.ppm t.ps && sha256sum out.ppm
gs -q -dBATCH -dNOPAUSE -sDEVICE=txtwrite -sOutputFile=- t.ps && ps2pdf t.ps t.pdf && head -c 5 t.pdf && echo
gs -q -dBATCH -dNOPAUSE -sDEVICE=png16m -r20 -sOutputFile=p%d.png t.pdf && ls p*.png && pdf2ps t.pdf b.ps && grep -c showpage b.ps
gs -q -dNODISPLAY -dNOSAFER -c '3 4 add == (x) run quit' 2>&1 | head -2; echo '%! foo' | gs -q -dBATCH -sDEVICE=nullpage - 2>&1 | head -1; rm t.pdf b.ps
