# dd: blocks, skip and seek, sparse files, conversion, its report.
seq 1 1000 > f
dd if=f bs=10 count=2 2>/dev/null; echo
dd if=f bs=1 skip=5 count=4 2>/dev/null | od -c
dd if=/dev/zero of=z bs=1k count=64 2>&1 | head -2
stat -c %s z
dd if=f of=z bs=1 seek=100 count=3 conv=notrunc 2>/dev/null; stat -c %s z
dd of=sparse bs=1 count=0 seek=1M 2>/dev/null; stat -c '%s %b' sparse
cat f | dd bs=64 count=100 iflag=fullblock 2>/dev/null | md5sum
head -c 3893 f | md5sum
dd if=/dev/full bs=8 count=1 2>/dev/null | od -An -tx1
echo x | dd of=/dev/full 2>&1 | head -1
