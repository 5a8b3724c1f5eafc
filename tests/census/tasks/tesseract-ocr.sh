# reads text from a picture that another program draws
# limit: 600
printf '%%!\n/Helvetica findfont 24 scalefont setfont 20 40 moveto (The census reads) show showpage\n' >t.ps
gs -q -dBATCH -dNOPAUSE -sDEVICE=pnggray -r150 -g600x200 -sOutputFile=t.png t.ps
OMP_THREAD_LIMIT=1 tesseract t.png - 2>/dev/null && OMP_THREAD_LIMIT=1 tesseract t.png out tsv 2>/dev/null && cut -f 12 out.tsv | grep . && tesseract --list-langs | tail -2
rm -f out.tsv
