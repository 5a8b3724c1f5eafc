# shows and changes interfaces, addresses and routes
ip -br link show lo && ip link set lo up && ip -br addr show lo | awk '{print $1, $3}'
ip route get 127.0.0.1 | head -1 | cut -d' ' -f 1-4
ip addr add 10.1.2.3/24 dev lo && ip -o -4 addr show lo | awk '{print $4}' && ip addr del 10.1.2.3/24 dev lo
ip netns add one 2>&1 | head -1; ss -xH >/dev/null && echo sockets
