# solves a linear program, with whole numbers, and says when there is no solution
printf 'max: 3x + 2y;\nc1: x + y <= 4;\nc2: x + 3y <= 6;\nx <= 3;\n' >a.lp && lp_solve a.lp && lp_solve -S4 a.lp | grep -A4 Dual
printf 'max: 5a + 4b;\n6a + 4b <= 24;\na + 2b <= 6;\nint a, b;\n' | lp_solve && printf 'min: x;\nx >= 5;\nx <= 3;\n' | lp_solve && lp_solve -S1 -parse a.lp -wfmps out.mps && cat out.mps
