# makes a file system in a file, fills, checks, breaks and mends it
# mask: content
export MKE2FS_CONFIG=/etc/mke2fs.conf E2FSPROGS_FAKE_TIME=1704067200
truncate -s 8M disk && mkdir d && seq 1000 >d/a && ln -s a d/l && mkdir d/e
mke2fs -q -t ext4 -U 11111111-2222-3333-4444-555555555555 -E hash_seed=11111111-2222-3333-4444-555555555555 -d d disk
dumpe2fs -h disk 2>/dev/null | grep -E 'features|Block count|Inode count|UUID|state'
debugfs -R 'ls -l /' disk 2>/dev/null | awk '{print $2, $NF}' | grep . && debugfs -R 'cat a' disk 2>/dev/null | tail -1
e2fsck -fn disk 2>&1 | tail -1 && debugfs -w -R 'clri a' disk 2>/dev/null; e2fsck -fy disk >log 2>&1 || echo "status $?"; grep -c . log
tune2fs -L label disk >/dev/null && e2label disk && resize2fs disk 16M 2>/dev/null >/dev/null; stat -c %s disk; rm disk log
lsattr -d d 2>&1 | head -1; chattr +i d/a 2>&1 | head -1; (rm -f d/a 2>/dev/null && echo removed || echo kept); chattr -i d/a 2>/dev/null || true
