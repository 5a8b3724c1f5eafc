# sets and shows the name of the machine
hostname && hostname other && hostname && echo third >name && hostname -F name && hostname && hostname exo
nisdomainname || echo "status $?"
hostname -s; domainname here && domainname && domainname '(none)'
