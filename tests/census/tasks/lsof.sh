# lists the open files of a process
echo data >file
sleep 100 3<file 4>out </dev/null >/dev/null 2>&1 &
pid=$!
sleep 0.1
lsof -p $pid -a -d 3,4 -F fan0 2>/dev/null | tr '\0' ' ' | grep '^f'
lsof -t file 2>/dev/null | wc -l
lsof -p $pid -a -d cwd -Fn 2>/dev/null | tail -1
lsof +D /work 2>/dev/null | awk '$1 == "sleep" {print $1, $4, $5, $9}' | sort -u
kill $pid
