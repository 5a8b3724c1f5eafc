# lists, adds and removes rules
iptables -N mine && iptables -A mine -p tcp --dport 22 -j ACCEPT && iptables -S mine && iptables -F mine && iptables -X mine
iptables-save | head -1 | cut -c 1-11
