# encodes, tags and decodes
sox -n -r 22050 -b 16 -c 1 a.wav synth 1 sine 440
lame --quiet -b 64 --tt title --ta artist a.wav a.mp3 && lame --quiet --decode a.mp3 b.wav && soxi -s b.wav && lame --quiet -V 5 -m m a.wav - | wc -c | awk '{print ($1 > 1000) ? "some" : "none"}'
sha256sum a.mp3; lame -r -s 22.05 --quiet a.wav /dev/null && echo raw; lame nothing.wav 2>/dev/null || echo "status $?"; rm *.wav *.mp3
