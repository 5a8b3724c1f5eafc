# lists, finds and signals processes, and reads the kernel's settings
cp /bin/sleep mine && ./mine 1000 & 
sleep 0.2
ps -C mine -o comm=,args=,ni=,stat= && ps -e -o comm= | grep -c '^mine$' && pgrep -c mine && pgrep -l mine | cut -d' ' -f2
ps -p $$ -o user=,tty=,comm= && skill -0 mine 2>/dev/null; pmap $(pgrep mine) | grep -c libc
sysctl -n kernel.ostype kernel.hostname && sysctl -w kernel.domainname=x && sysctl -n kernel.domainname && sysctl -qw kernel.domainname='(none)'
free -k | awk 'NR == 1 {print} /Mem:/ {print ($2 > 100000) ? "much" : "little"}' && uptime | grep -c 'load average' && vmstat | head -2
pkill mine && sleep 0.1 && pgrep mine || echo "status $?"; w -h | wc -l; pwdx $$ | sed 's/.*: //'; tload -V >/dev/null; slabtop -o >/dev/null 2>&1 || true
top -b -n 1 -p $$ | tail -1 | awk '{print $2, $12}'; rm mine
