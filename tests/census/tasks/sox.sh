# makes tones, mixes, filters, resamples and measures
sox -n -r 8000 -b 16 -c 1 a.wav synth 0.5 sine 300:600 && soxi a.wav | grep -v '^Input' && sox a.wav -n stat 2>&1 | grep -E 'Length|RMS.*amp|Rough'
sox a.wav b.wav rate 16000 reverse fade 0.1 gain -3 && soxi -r b.wav && sox -m a.wav "|sox a.wav -p pitch 200" m.wav && soxi -d m.wav && sox a.wav -t raw -e mu-law -b 8 - | sha256sum
sox a.wav a.wav c.wav splice 2>/dev/null || sox a.wav a.wav c.wav; soxi -D c.wav; sox a.wav -t au - trim 0.1 0.2 2>/dev/null | sox -t au - -n stat 2>&1 | grep Length; sox nothing.wav x.wav 2>/dev/null || echo "status $?"; rm *.wav
