# chooses readings of words by the rules of a grammar
printf 'DELIMITERS = "<.>";\nLIST N = n;\nLIST V = v;\nLIST DET = det;\nSECTION\nREMOVE V IF (-1 DET);\nSELECT N IF (-1 DET);\nADD (@subj) N IF (1 V);\n' >g.cg3
printf '"<the>"\n\t"the" det\n"<run>"\n\t"run" n\n\t"run" v\n"<goes>"\n\t"go" v\n"<.>"\n\t"." punct\n' >t
vislcg3 -g g.cg3 <t && vislcg3 --trace -g g.cg3 <t | grep SELECT -c; cg-comp g.cg3 g.bin 2>/dev/null && cg-proc --version >/dev/null 2>&1; vislcg3 -g g.bin <t | head -4; cg-conv --in-cg <t | head -2; rm g.bin
