# turns a drawing into PostScript, PDF, SVG, LaTeX and pixels
printf '#FIG 3.2\nLandscape\nCenter\nMetric\nA4\n100.00\nSingle\n-2\n1200 2\n2 1 0 2 1 7 50 -1 -1 0.000 0 0 -1 0 0 2\n\t 450 450 2250 1800\n1 3 0 1 4 7 50 -1 20 0.000 1 0 1350 1125 450 450 1350 1125 1800 1125\n4 0 0 50 -1 0 12 0 180 600 900 1500 census\\001\n' >t.fig
fig2dev -L eps t.fig | grep -E 'BoundingBox|census' && fig2dev -L svg t.fig | grep -c '<' && fig2dev -L latex t.fig | head -2 && fig2dev -L pdf t.fig | head -c 5 && echo
fig2dev -L png -m 0.5 t.fig p.png && head -c 4 p.png | od -c | head -1; fig2dev -L tikz t.fig | grep -c draw; fig2dev -L box t.fig; echo bad | fig2dev -L eps 2>&1 | head -1; rm -f p.png
