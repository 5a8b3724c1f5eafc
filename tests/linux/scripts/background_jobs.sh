# Background jobs, wait for one and for all, their statuses, $!.
(sleep 0.2; echo slow; exit 3) &
slow=$!
(echo fast; exit 4) &
fast=$!
wait $fast; echo "fast ended with $?"
wait $slow; echo "slow ended with $?"
for i in 1 2 3 4 5; do (sleep 0.0$i; echo $i > out$i) & done
wait
cat out1 out2 out3 out4 out5 | tr '\n' ' '; echo
sleep 100 & kill $!; wait $!; echo "killed: $?"
wait; echo "nothing left: $?"
