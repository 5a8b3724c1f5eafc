# makes, scales, rotates, dithers and converts pictures
ppmmake rgb:00/80/ff 40 30 >a.ppm && ppmpat -gingham -randomseed=1 64 48 >b.ppm && pnmfile a.ppm b.ppm
pamscale 0.5 b.ppm | pamflip -cw | sha256sum && ppmtopgm b.ppm | pgmtopbm -threshold | pbmtoascii | head -4 && pnmtopng b.ppm 2>/dev/null | pngtopam | cmp - b.ppm && echo png
pnmtojpeg -quality=50 b.ppm | jpegtopnm 2>/dev/null | pnmfile && pnmquant 8 b.ppm 2>/dev/null | ppmhist -noheader | wc -l && pamcut -left 5 -width 10 b.ppm | pamsumm -mean -brief
pbmtext hello | pnmcrop 2>/dev/null | pbmtoascii | head -3; ppmtogif b.ppm 2>/dev/null | giftopnm | cmp - b.ppm && echo gif; pnmcat -lr a.ppm a.ppm | pnmfile
