# compresses with several presets and threads, tests and lists
seq 1 50000 >f && cp f g
xz -k -6 f && xz -t f.xz && xz --list --robot f.xz | tail -1
xz -dc f.xz | cmp - g && xz -T2 --block-size=65536 -c g | xz -dc | sha256sum
xz -e9 -C sha256 -c g | wc -c && lzma -c g | unlzma | cmp - g && echo lzma
xzgrep -c 777 f.xz && head -c 200 f.xz | xz -dc 2>&1 >/dev/null || echo "status $?"
