# sorts, matches, packs, forks and reads a file with what is always there
cat >t.pl <<'E'
use strict; my %c; $c{$_}++ for split //, "mississippi"; print map { "$_$c{$_} " } sort keys %c; print "\n";
print join(",", sort { $b <=> $a } map { $_ * $_ } grep { $_ % 2 } 1 .. 9), "\n";
(my $s = "2024-01-02") =~ s/(\d+)-(\d+)-(\d+)/$3.$2.$1/; print "$s\n"; print unpack("H*", pack("NnC", 1, 2, 3)), "\n";
open my $f, ">", "out" or die; print $f "line $_\n" for 1 .. 100; close $f; print -s "out", "\n";
$| = 1; pipe(my $r, my $w); if (!fork) { close $r; print $w "child"; exit 3 } close $w; print <$r>, "\n"; wait; print $? >> 8, "\n";
local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 3; print scalar(gmtime 0), "\n";
eval { die { code => 7 } }; print $@->{code}, "\n"; printf "%s %.3f\n", 10 ** 15, atan2(1, 1) * 4;
E
perl t.pl
