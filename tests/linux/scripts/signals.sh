# kill by name and number, groups of processes, stopped and continued jobs.
kill -l | head -1 > /dev/null && echo list
kill -l 15; kill -l TERM
sleep 100 & kill -TERM $!; wait $!; echo $?
sleep 100 & kill -s USR1 $!; wait $!; echo $?  # not INT, which what runs in the background ignores once it has begun
(trap 'echo hup; exit 3' HUP; while :; do sleep 0.02; done) & p=$!
sleep 0.5; kill -HUP $p; wait $p; echo $?
sleep 1.5 & p=$!; sleep 0.1; kill -STOP $p; sleep 0.1; awk '{ print $3 }' /proc/$p/stat; kill -CONT $p; wait $p; echo $?
kill -0 $$ && echo here
kill 999999 2>/dev/null || echo no such process
sh -c 'sleep 100 & echo $! > pid; wait' & while [ ! -s pid ]; do sleep 0.02; done; kill $(cat pid); wait; echo done
killall -q nosuchprogram || echo none found
yes | head -2
