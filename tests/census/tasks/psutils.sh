# selects, reverses and places pages of PostScript
printf '%%!PS-Adobe-3.0\n%%%%Pages: 3\n%%%%EndComments\n' >t.ps; for i in 1 2 3; do printf '%%%%Page: %d %d\n/Helvetica findfont 20 scalefont setfont 50 50 moveto (page %d) show showpage\n' $i $i $i >>t.ps; done; echo %%EOF >>t.ps
psselect -q -p3,1 t.ps | grep '(page' && psnup -q -2 -pa4 t.ps | grep -c showpage && psbook -q t.ps | grep '^%%Page:' && pstops -q '2:0,1(10cm,0)' t.ps | grep -c 'page'
psresize -q -pa4 -Pa5 t.ps | grep -c '%%Page:' && psjoin t.ps t.ps 2>/dev/null | grep -c '(page'; epsffit -c 0 0 100 100 t.ps 2>/dev/null | wc -l
