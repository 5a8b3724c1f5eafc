# shows interfaces, routes and sockets
# needs: an internet socket
ifconfig lo 127.0.0.1 up && ifconfig lo | head -2 && route -n && netstat -x | wc -l
