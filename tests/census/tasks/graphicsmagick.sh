# draws, resizes, joins, compares and converts pictures
gm convert -size 80x60 gradient:red-blue a.ppm && gm identify a.ppm | cut -d' ' -f 1-5 && gm convert a.ppm -resize 50% -rotate 90 b.ppm && sha256sum b.ppm
gm convert a.ppm -draw 'circle 40,30 40,10' -colors 16 c.gif && gm identify -format '%m %w %h %k\n' c.gif && gm compare -metric mse a.ppm c.gif | grep Total
gm montage -geometry 20x20 a.ppm b.ppm m.ppm && gm identify -format '%wx%h\n' m.ppm && gm composite -gravity center b.ppm a.ppm d.ppm && sha256sum d.ppm
gm convert a.ppm a.jpg && gm identify a.jpg | cut -d' ' -f 2,3 && gm mogrify -flip -format png a.ppm && ls *.png && echo x >bad.png && gm identify bad.png 2>/dev/null || echo "status $?"; rm -f *.gif *.jpg *.png m.ppm
