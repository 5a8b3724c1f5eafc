# reads letters from a picture
printf '%%!\n/Helvetica findfont 24 scalefont setfont 20 40 moveto (CENSUS 123) show showpage\n' >t.ps
gs -q -dBATCH -dNOPAUSE -sDEVICE=pgmraw -r150 -g500x180 -sOutputFile=t.pgm t.ps
gocr t.pgm && gocr -f XML t.pgm | grep -c '<box' && gocr -C 0-9 t.pgm; gocr nothing.pgm 2>&1 | tail -1 | cut -c 1-30
