# locks, sessions, priorities, mounts, limits and names
flock lock sh -c 'flock -n lock echo twice || echo locked'
setsid -w sh -c 'echo session'; ionice -c 3 true && echo idle
getopt -o ab: --long long -- -a -b x --long y
seq 30 >f && fallocate -l 64K g && stat -c %s g; rev f | tail -2
taskset -p $$ | sed 's/.*: //'; prlimit --nofile --output SOFT,HARD --noheadings --pid $$ | wc -w
mkdir m && mount -t tmpfs none m && echo x >m/x && ls m && umount m && ls m
mcookie | wc -c; namei -m /work/f | tail -1; whereis -b sh | cut -d: -f1
mount --bind m m && mountpoint m && umount m && mountpoint m || echo "status $?"
setpriv --reuid=1000 --clear-groups id -u; runuser -u nobody -- id -un
lscpu | grep -c '^CPU(s)'; findmnt -n -o FSTYPE /proc; su nobody -s /bin/sh -c 'id -un'; rm g
dmesg >/dev/null && echo log; chrt -p $$ | sed 's/.*: //'; lsns -n -t mnt -o NPROCS >/dev/null && echo namespaces
unshare --mount sh -c 'mount -t tmpfs none m && echo x >m/y && ls m'; ls m
