# modules: digests, compression, threads, dates, storage and sockets
cat >t.pl <<'E'
use Digest::SHA "sha256_hex"; use MIME::Base64; use POSIX; use Storable; use Data::Dumper; use List::Util qw(sum max shuffle);
use Compress::Zlib; use Math::BigInt; use Time::Local; use File::Find; use IPC::Open3; use Encode; use JSON::PP; use Socket; use threads;
print sha256_hex("abc"), "\n", encode_base64("hello"), POSIX::strftime("%F", gmtime 0), "\n";
store {a => [1, 2]}, "out"; $Data::Dumper::Sortkeys = 1; print Dumper(retrieve "out"); print sum(1 .. 100), " ", max(3, 9), "\n";
print length(Compress::Zlib::memGzip("x" x 10000)) < 100 ? "small\n" : "large\n"; print Math::BigInt->new(2)->bpow(100), "\n";
mkdir "d"; open F, ">d/x"; close F; find(sub { print "$File::Find::name\n" }, "d"); print JSON::PP->new->canonical->encode({b => 1, a => [1, "x"]}), "\n";
my $pid = open3(my $in, my $out, undef, "tr a-z A-Z"); print $in "shout\n"; close $in; print <$out>; waitpid $pid, 0;
print length(encode("UTF-16", "\x{20ac}")), "\n"; my $t = threads->create(sub { 6 * 7 }); print $t->join, "\n";
socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); syswrite A, "pair\n"; sysread B, my $x, 5; print $x;
E
perl t.pl
