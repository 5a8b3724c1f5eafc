# records a terminal session, changes priorities and writes to a log
script -qec 'tty | sed s/[0-9]*$/N/; stty size; echo inside' -O out </dev/null | tr -d '\r'
tail -n +2 out | head -4 | tr -d '\r'
nice -n 5 sh -c 'renice -n 7 -p $$ | sed "s/^[0-9]*/PID/"; nice'
logger --no-act -s -t tag 'a message' 2>&1 | sed 's/^\(<[0-9]*>\).* tag/\1 tag/'
script -qc 'exit 3' -e /dev/null </dev/null || echo "status $?"
rm out
