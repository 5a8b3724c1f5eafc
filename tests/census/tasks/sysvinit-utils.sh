# finds processes by their programs
cp /bin/sleep one && cp /bin/sleep two
./one 100 & ./one 100 & ./two 100 &
sleep 0.2
pidof one | wc -w; pidof -s two | wc -w; pidof -x nothing || echo "status $?"; pidof one two | wc -w
pidof -o %PPID sh >/dev/null; . /lib/init/vars.sh; . /lib/lsb/init-functions && log_success_msg done
rm one two
