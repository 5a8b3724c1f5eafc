# formats a manual page and tables
printf '.TH T 1 2024-01-01\n.SH NAME\nt \\- a test\n.SH SYNOPSIS\n.B t\n[\\-a]\n.PP\nSome \\fIwords\\fP.\n.nf\nkept   as is\n.fi\n' >t.1
nroff -man t.1 | sed 's/\x1b\[[0-9]*m//g' && groff -man -Tascii -P-c t.1 | od -c | head -4
printf '.TS\nbox;\nc c\nn n.\na\tb\n1\t22\n.TE\n' | tbl | groff -Tascii | grep . 
printf '.EQ\nx sup 2 over y\n.EN\n' | eqn -Tascii | groff -Tascii | grep . ; preconv -e utf-8 t.1 | head -1; troff -a t.1 | head -2
printf '.PS\nbox "a"; arrow; circle\n.PE\n' | pic | head -2; soelim t.1 | wc -l
