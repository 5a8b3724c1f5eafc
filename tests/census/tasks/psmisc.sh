# shows trees of processes, and finds and ends those that use a file
cp /bin/sleep mine && ./mine 1000 3>held & 
sleep 0.2
pstree -A $$ | sed 's/---pstree//; s/|-//' | head -3; fuser held 2>/dev/null | wc -w; fuser -v held 2>&1 | tail -1 | awk '{print $2, $4, $5}'
killall -0 mine && echo there && killall -s USR1 mine && sleep 0.2 && killall mine 2>&1 || echo "status $?"
sleep 1000 <held & sleep 0.1; fuser -k -TERM held 2>/dev/null | wc -w; sleep 0.1; fuser held || echo "status $?"
prtstat $$ | head -1 | sed 's/[0-9]*//g'; peekfd -v 2>/dev/null; rm mine
