# du and df: shapes, sizes of files and of a small file system.
mkdir -p a/b; dd if=/dev/zero of=a/f bs=1k count=40 2>/dev/null; dd if=/dev/zero of=a/b/g bs=1k count=8 2>/dev/null
du -a a | sort -k2
du -s a
mkdir m; mount -t tmpfs -o size=1m none m
df -k m | awk 'NR == 2 { print $1, $2, $3, $4, $5 }'
dd if=/dev/zero of=m/f bs=1k count=256 2>/dev/null
df -k m | awk 'NR == 2 { print $2, $3, $4, $5 }'
dd if=/dev/zero of=m/g bs=1k count=2000 2>&1 | tail -1 | cut -d, -f1 | cut -d' ' -f1-3
rm m/*; df -k m | awk 'NR == 2 { print $3 }'
umount m; df m | awk 'NR == 2 { print $1 }'
