# compiles a description of a terminal and asks for its capabilities
cat >t.ti <<'E'
mine|a small terminal,
	am, cols#80, lines#24, bel=^G, cr=\r, clear=\E[H\E[J, cup=\E[%i%p1%d;%p2%dH, bold=\E[1m, sgr0=\E[m,
E
TERMINFO=/work/ti tic t.ti && find ti | sort
TERMINFO=/work/ti infocmp -1 mine | tail -n +2
TERMINFO=/work/ti TERM=mine tput cup 3 7 | od -c
printf 'bold\nclear\n' | TERM=vt100 tput -S | od -c | head -2
infocmp -d vt100 vt220 | tail -n +2 | head -5
TERM=xterm tput longname && echo && toe ti
