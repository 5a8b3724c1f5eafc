#!/bin/dash
# The first process of a census machine: does the tasks of /census/list one after the other, each in an empty folder /work, and
# reports each on the console.
#
#   @@RUN name                  the task starts
#   @@DATA base64               its report, any number of lines: what it printed, a line that is @@FILES, and what it left in /work
#   @@END name status digest    its exit status, 124 after its time is over, and the SHA-256 of the report
#   @@DONE                      all tasks have been done
#
# A line of /census/list is `name seconds`. A file that was left has a line `kind mode size name`, and a regular one a second line
# `digest name`. Whatever a task leaves running is killed.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games
export PATH
mount -t devtmpfs devtmpfs /dev 2>/dev/null
exec </dev/null >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm /run /work
mount -t devpts -o mode=620,ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
    [ -e "/dev/${link%%:*}" ] || ln -s "${link#*:}" "/dev/${link%%:*}"
done
hostname exo
export LC_ALL=C.UTF-8 TZ=UTC0 TERM=dumb USER=root LOGNAME=root SHELL=/bin/sh HOME=/work/home TMPDIR=/tmp

# Numbers of processes that are used up beforehand: another start of the same machine has others.
count=$(cat /census/used)
while [ "$count" -gt 0 ]; do
    /bin/true
    count=$((count - 1))
done

while read -r name limit <&3; do
    echo "@@RUN $name"
    cd /
    find /tmp /work -mindepth 1 -delete
    mkdir /work/home
    chmod 1777 /tmp
    cd /work
    setsid timeout -k 5 "$limit" /bin/sh -e "/census/tasks/$name" >/census/output 2>&1
    status=$?
    kill -9 -1 2>/dev/null
    {
        head -c 300000 /census/output
        printf '\n@@FILES\n'
        find . -mindepth 1 ! -path ./home \( -type f -printf 'f %m %s %p\n' -o -type l -printf 'l %p -> %l\n' -o -printf '%y %m - %p\n' \) |
            sort | head -n 3000
        find . -type f -print0 | sort -z | head -z -n 3000 | xargs -0 -r sha256sum
    } >/census/report
    base64 /census/report | sed 's/^/@@DATA /'
    digest=$(sha256sum </census/report)
    echo "@@END $name $status ${digest%% *}"
done 3</census/list
echo "@@DONE"
while :; do sleep 1000; done
