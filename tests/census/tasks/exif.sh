# makes, shows and removes the data of a camera
ppmpat -gingham -randomseed=1 64 48 | pnmtojpeg >a.jpg 2>/dev/null
exif --create-exif --ifd=0 --tag=0x010e --set-value='a picture' -o b.jpg a.jpg >/dev/null && exif -m b.jpg | grep -v Version && exif --tag=0x010e -m b.jpg
exif --remove --tag=0x010e --ifd=0 -o c.jpg b.jpg >/dev/null && exif -m c.jpg | grep -c picture || true
exif -x b.jpg | head -3; exif a.jpg 2>&1 | head -1; exif -l 2>/dev/null | head -2; rm -f b.jpg c.jpg
