# simulates a circuit: working point, sweep and time
printf '* rc\nV1 1 0 DC 5\nR1 1 2 1k\nR2 2 0 2k\nC1 2 0 1u\n.print op v(nodes)\n.op\n.print dc v(2)\n.dc V1 0 3 1\n.print tran v(2)\n.tran 0 .002 .0005\n.end\n' >c.ckt
gnucap -b c.ckt | grep -v -i 'gnucap\|copyright\|version\|warranty\|free\|license\|^$'
