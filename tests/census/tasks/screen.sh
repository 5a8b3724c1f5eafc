# runs programs in windows of a session without a terminal, and copies what they show
export SCREENDIR=/work/s && mkdir -m 700 s
printf 'logfile /work/log\nlogfile flush 0\ndeflog on\n' >rc
screen -c rc -L -dmS census sh -c 'echo inside; stty size; read x; echo got $x; sleep 100' && sleep 1
screen -ls | grep -o 'census.*Detached' | sed 's/\t.*//' || true
screen -S census -X stuff 'typed\n' && sleep 1 && screen -S census -X hardcopy /work/copy && grep . copy
screen -S census -X screen sh -c 'echo second >/work/second; sleep 100' && sleep 1 && cat second
screen -S census -X quit && sleep 0.5; screen -ls | grep -c census || true; rm -rf s log copy
