# ulimit: descriptors, file size, processes, stack; soft and hard.
(ulimit -n 20; ulimit -n; sh -c 'for i in 3 4 5 6 7 8 9; do eval "exec $i< /dev/null"; done; echo nine open')
(ulimit -f 8; dd if=/dev/zero of=f bs=512 count=100 2>/dev/null; echo $?; stat -c %s f)
(ulimit -S -c 0; ulimit -c)
(ulimit -s 1024; ulimit -s)
(ulimit -n 10; ulimit -n 20 2>/dev/null; ulimit -n)
(ulimit -v 20000; awk 'BEGIN { s = "x"; for (i = 0; i < 27; i++) s = s s; print length(s) }' 2>/dev/null; [ $? -ne 0 ] && echo refused)
(ulimit -t 1; while :; do :; done) 2>/dev/null; echo $?
su user -c 'ulimit -u 5; for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait' 2>&1 | grep -c "can't fork"
