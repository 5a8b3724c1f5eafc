# rotates and compresses logs by its rules
mkdir logs old && seq 1000 >logs/a.log && echo small >logs/b.log
printf '/work/logs/*.log {\n size 1k\n rotate 2\n compress\n delaycompress\n create 0640 root adm\n olddir /work/old\n postrotate\n echo rotated >>/work/done\n endscript\n}\n' >conf && chmod 644 conf && chmod 755 logs old
logrotate -s state conf && ls -R logs old && cat done
seq 2000 >logs/a.log && logrotate -f -s state conf && ls old && zcat old/a.log.2.gz | tail -1
logrotate -d -s state conf 2>&1 | grep -c log; printf 'nonsense {\n' >bad && chmod 644 bad && logrotate -s state2 bad 2>/dev/null || echo "status $?"
rm -rf state state2 old logs
