# makes arrays of numbers, multiplies matrices and counts
# limit: 300
cat >t.pl <<'E'
use PDL; my $a = sequence(3, 3); print $a x $a, $a->sum, " ", $a->max, "\n"; print $a->slice("1,:"), ones(2, 2) * 3; print histogram(pdl(1, 2, 2, 3), 1, 0, 4), "\n";
my ($m, $r) = stats(pdl(1, 2, 3, 4)); printf "%.4f %.4f\n", $m, $r; print which($a > 5), "\n"; print inv(pdl([[2, 0], [0, 4]])); wcols pdl(1, 2), pdl(3, 4), "out"; my ($x, $y) = rcols "out"; print $x + $y, "\n"; print pdl(3, 1, 2)->qsort, "\n";
E
perl t.pl
