# makes pictures smaller without loss
ppmpat -gingham -randomseed=1 200 150 | pnmtopng -compression=0 2>/dev/null >a.png && cp a.png b.png
optipng -quiet -o2 b.png && pngtopam a.png >a && pngtopam b.png >b && cmp a b && echo equal && test $(stat -c %s b.png) -lt $(stat -c %s a.png) && echo smaller
optipng -o1 -out c.png a.png 2>&1 | grep -E 'Processing|bits/pixel|IDAT' | head -4; echo x >bad.png && optipng -quiet bad.png 2>/dev/null || echo "status $?"; rm a b
