# ps, free, mount, uptime and uname: normalised.
ps | head -1
ps -o pid,comm | awk '$1 == 1 { print "first:", $2 }'
ps -o comm | grep -c '^ps$'
free | awk 'NR == 1 { print $1, $2, $3 } NR == 2 { print $1, ($2 > 100000), ($3 < $2) }'
mount | grep -E ' /(proc|work) ' | sed 's/ (.*//'
uptime | grep -c 'load average'
uname -sm
hostname > /dev/null && echo has a name
cat /proc/loadavg | wc -w
[ $(nproc) = $(grep -c '^processor' /proc/cpuinfo) ] && echo as many CPUs as are listed
sleep 100 & sleep 0.1; ps | grep -c '[s]leep'; kill $!
pidof init > /dev/null || ps | awk '$1 == 1' | wc -l
