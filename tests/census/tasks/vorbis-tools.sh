# encodes, inspects, comments and decodes
# mask: content
sox -n -r 22050 -c 1 -b 16 a.wav synth 1 sine 440
oggenc -Q -s 1 -q 2 -t title -o a.ogg a.wav && ogginfo a.ogg | grep -E 'Rate|Channels|title|Playback' && vorbiscomment -a -t 'x=y' a.ogg && vorbiscomment -l a.ogg
oggdec -Q -o b.wav a.ogg && soxi -s b.wav && ogg123 -q -d wav -f c.wav a.ogg && cmp b.wav c.wav && echo equal; vcut a.ogg 1.ogg 2.ogg 10000 >/dev/null 2>&1 && ogginfo 2.ogg | grep -c Playback; rm -f *.wav *.ogg
