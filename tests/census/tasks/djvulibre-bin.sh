# packs pictures into a document, and takes text and pictures out of it
ppmpat -gingham -randomseed=1 200 150 >a.ppm && c44 a.ppm a.djvu && djvudump a.djvu | head -4 && ddjvu -format=ppm a.djvu b.ppm && pnmfile b.ppm
pbmtext census | pnmscale 4 | pgmtopbm -threshold 2>/dev/null >t.pbm && cjb2 -clean t.pbm t.djvu && djvm -c d.djvu a.djvu t.djvu && djvused -e 'n; ls' d.djvu
printf 'select 2\nset-txt\n(page 0 0 10 10 "hello")\n.\nsave\n' | djvused d.djvu && djvutxt d.djvu; djvm -d d.djvu 1 && djvused -e n d.djvu; sha256sum b.ppm; rm *.djvu b.ppm
