# timeout: commands that end, that do not.
timeout 5 echo quick; echo $?
timeout 0.1 sleep 10; echo $?
timeout -s KILL 0.1 sleep 10; echo $?
timeout 5 sh -c 'exit 7'; echo $?
time -p sleep 0.1 2>&1 | awk '/real/ { print ($2 >= 0.1) }'
sleep 0.3 & p=$!; sleep 0.1; kill -0 $p && echo alive; wait $p; kill -0 $p 2>/dev/null || echo gone
usleep 1000 && echo slept
