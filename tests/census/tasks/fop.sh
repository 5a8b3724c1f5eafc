# formats a document into PDF, PostScript and text
# limit: 600
cat >t.fo <<'E'
<fo:root xmlns:fo="http://www.w3.org/1999/XSL/Format"><fo:layout-master-set><fo:simple-page-master master-name="p" page-height="5cm" page-width="8cm"><fo:region-body/></fo:simple-page-master></fo:layout-master-set>
<fo:page-sequence master-reference="p"><fo:flow flow-name="xsl-region-body"><fo:block font-family="Helvetica">Hello census</fo:block></fo:flow></fo:page-sequence></fo:root>
E
fop -q t.fo -pdf t.pdf 2>/dev/null && head -c 5 t.pdf && echo && fop -q t.fo -ps t.ps 2>/dev/null && grep -c '%%Page:' t.ps && fop -q t.fo -txt t.txt 2>/dev/null && grep -o Hello t.txt
rm -f t.pdf t.ps t.txt; rm -rf home/.java home/.fop
