# sorts, cuts, joins, splits, sums, links and copies
seq 1 1000 | shuf --random-source=/bin/true | sort -n | tail -1
seq 1 500 | split -l 100 - part. && wc -l part.* && cat part.* | sha256sum
printf '1 a\n2 b\n3 c\n' >x && printf '1 A\n3 C\n' >y && join x y && paste -d: x y && comm -12 x y
cut -d' ' -f2 x | tr a-z A-Z | tac | nl | expand | fold -w 9 | od -c | head -3
ln x hard && ln -s x soft && stat -c '%h %F' x soft && readlink -f soft
cp -a x copy && mkdir -p a/b && mv copy a/b && du --apparent-size -ab a/b/copy && install -m 640 x a/z && ls -l a | cut -c 1-10 | tail -n +2
dd if=/dev/zero of=zeros bs=4096 count=16 status=none && truncate -s 1M zeros && stat -c '%s' zeros && md5sum zeros
factor 1234567890 && numfmt --to=iec 123456789 && date -u -d @86400 +%F && basename /a/b.c .c && expr 7 \* 6
seq 10 | tee copy2 | head -2 && csplit -s copy2 5 && cat xx01 | wc -l && base64 x && timeout 0.1 sleep 5 || echo "status $?"
chmod 600 x && touch -d '2024-01-01 UTC' x && stat -c '%a %Y' x && test -O x && mkfifo p && (echo through >p & cat p) && rm p zeros
