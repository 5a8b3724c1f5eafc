# compresses at several levels, with a dictionary and with threads
seq 1 50000 >f
zstd -q -k f && zstd -t f.zst 2>&1 | tail -1 && zstd -dc f.zst | cmp - f && echo same
for l in 1 9 19; do zstd -q -$l -c f | wc -c; done
zstd -q -T2 -c f | zstd -dc | sha256sum
mkdir d && for i in $(seq 60); do seq $i $((i + 90)) >d/$i; done && zstd -q --train d/* -o dict --maxdict=4096 && zstd -q -D dict -c d/5 | zstd -q -D dict -dc | tail -1
zstd -q --long=20 --check -c f | zstd -dc | tail -1 && head -c 100 f.zst | zstd -dc 2>&1 >/dev/null || echo "status $?"
rm -rf d
