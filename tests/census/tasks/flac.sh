# compresses without loss, tests, tags and unpacks
sox -n -r 22050 -b 16 -c 2 a.wav synth 1 sine 440 sine 660
flac -s -8 -T title=x -o a.flac a.wav && flac -s -t a.flac && metaflac --show-md5sum --show-sample-rate --show-channels a.flac && metaflac --export-tags-to=- a.flac
flac -s -d -o b.wav a.flac && cmp a.wav b.wav && echo lossless && metaflac --set-tag=y=z --remove-tag=title a.flac && metaflac --list --block-type=VORBIS_COMMENT a.flac | grep comment
head -c 3000 a.flac >c.flac && flac -s -t c.flac 2>/dev/null || echo "status $?"; rm *.wav *.flac
